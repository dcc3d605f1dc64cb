namespace IndustryData.WebApi.Commands;

/// <summary>Where the service listens: as ASP.NET Core is told, else on this machine only.</summary>
internal static class Listening
{
    private const string Default = "http://localhost:5080";

    /// <summary>The URLs, separated by semicolons.</summary>
    public static string Urls(IConfiguration configuration) =>
        configuration[WebHostDefaults.ServerUrlsKey]
        ?? (configuration[WebHostDefaults.HttpPortsKey] is { Length: > 0 } ports ? string.Join(';', ports.Split(';').Select(port => $"http://*:{port}")) : Default);
}
