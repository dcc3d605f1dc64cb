namespace IndustryData.WebApi.Cli;

/// <summary>
/// The URLs that the service listens on: those in the settings of ASP.NET Core, or the loopback address.
/// </summary>
internal static class ListenUrls
{
    /// <summary>The URL that the service listens on if none is configured.</summary>
    public const string Default = "http://localhost:5080";

    /// <summary>Checks the configuration for URLs and ports.</summary>
    /// <returns>Returns true if URLs or ports are configured.</returns>
    public static bool IsConfigured(IConfiguration configuration) =>
        configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 }
        || configuration[WebHostDefaults.HttpPortsKey] is { Length: > 0 }
        || configuration[WebHostDefaults.HttpsPortsKey] is { Length: > 0 };

    /// <summary>Validates the configured URLs and ports.</summary>
    /// <exception cref="StartupException">A URL or a port is not valid.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach (
            var url in (configuration[WebHostDefaults.ServerUrlsKey] ?? "").Split(
                ';',
                StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
            )
        )
        {
            if (
                !Uri.TryCreate(
                    url.Replace("//*", "//any", StringComparison.Ordinal)
                        .Replace("//+", "//any", StringComparison.Ordinal),
                    UriKind.Absolute,
                    out var parsed
                ) || (parsed.Scheme != Uri.UriSchemeHttp && parsed.Scheme != Uri.UriSchemeHttps)
            )
            {
                throw new StartupException(
                    $"ASPNETCORE_URLS holds '{url}', which is not a URL to listen on; write it like {Default}."
                );
            }
        }

        foreach (var ports in (string[])[WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey])
        {
            foreach (
                var port in (configuration[ports] ?? "").Split(
                    ';',
                    StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
                )
            )
            {
                if (!ushort.TryParse(port, out _))
                {
                    throw new StartupException(
                        $"ASPNETCORE_{ports.ToUpperInvariant()} holds '{port}', which is not a port; "
                            + "write a number from 1 to 65535."
                    );
                }
            }
        }
    }

    /// <summary>Returns the first URL of the service, in a form that this machine can reach.</summary>
    public static Uri Url(IConfiguration configuration)
    {
        var url =
            configuration[WebHostDefaults.ServerUrlsKey] is { Length: > 0 } urls ? urls.Split(';')[0]
            : configuration[WebHostDefaults.HttpPortsKey] is { Length: > 0 } ports ? $"http://*:{ports.Split(';')[0]}"
            : configuration[WebHostDefaults.HttpsPortsKey] is { Length: > 0 } tls ? $"https://*:{tls.Split(';')[0]}"
            : Default;
        return Reachable(url);
    }

    /// <summary>Returns a URL that the service listens on, in a form that this machine can reach.</summary>
    public static Uri Reachable(string url)
    {
        var address = BindingAddress.Parse(url);
        var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "localhost" : address.Host;
        return new UriBuilder(address.Scheme, host, address.Port).Uri;
    }

    /// <summary>Reads the URL of a service. The result ends with a slash.</summary>
    /// <param name="value">The URL.</param>
    /// <param name="name">The name of the option or setting.</param>
    /// <exception cref="StartupException">The value is not a URL, or has a query or a fragment.</exception>
    public static Uri ReadServiceUrl(string value, string name) =>
        Uri.TryCreate(value.EndsWith('/') ? value : value + "/", UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Query.Length == 0
        && url.Fragment.Length == 0
            ? url
            : throw new StartupException($"{name} must be the URL of the service, like {Default}.");
}
