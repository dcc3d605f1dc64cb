namespace IndustryData.WebApi.Commands;

/// <summary>Where the service listens: as ASP.NET Core is told, else on this machine only.</summary>
internal static class Listening
{
    /// <summary>Where it listens when nothing is said.</summary>
    public const string Default = "http://localhost:5080";

    /// <summary>Whether URLs or ports are set.</summary>
    public static bool IsConfigured(IConfiguration configuration) =>
        configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 }
        || configuration[WebHostDefaults.HttpPortsKey] is { Length: > 0 }
        || configuration[WebHostDefaults.HttpsPortsKey] is { Length: > 0 };

    /// <summary>The first of the service's URLs, as this machine reaches it.</summary>
    public static Uri Url(IConfiguration configuration)
    {
        var url = configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } urls ? urls.Split(';')[0]
            : configuration[WebHostDefaults.HttpPortsKey] is { Length: > 0 } ports ? $"http://*:{ports.Split(';')[0]}"
            : configuration[WebHostDefaults.HttpsPortsKey] is { Length: > 0 } tls ? $"https://*:{tls.Split(';')[0]}"
            : Default;
        var address = BindingAddress.Parse(url);
        var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : address.Host;
        return new UriBuilder(address.Scheme, host, address.Port).Uri;
    }
}
