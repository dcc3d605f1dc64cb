namespace IndustryData.WebApi.OData;

/// <summary>Ends the reading of a query option from deep inside. It never leaves the station that reads the option.</summary>
internal sealed class QueryOptionException(string code, string message) : Exception(message)
{
    /// <summary>The cause in camelCase.</summary>
    public string Code { get; } = code;
}
