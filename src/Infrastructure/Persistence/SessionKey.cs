namespace IndustryData.Infrastructure.Persistence;

/// <summary>A key that seals the sessions of browsers, in the XML format of ASP.NET Core.</summary>
internal sealed class SessionKey
{
    public int Id { get; init; }

    public string Xml { get; init; } = "";
}
