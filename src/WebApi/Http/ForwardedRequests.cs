using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Applies the client address, the scheme and the host in the <c>X-Forwarded-*</c> headers of the configured proxies.
/// The headers of other senders are ignored.
/// </summary>
internal static class ForwardedRequests
{
    /// <summary>Adds the middleware if a proxy is configured.</summary>
    /// <exception cref="StartupException">A configured proxy is neither an IP address nor a network.</exception>
    public static void UseForwarding(this WebApplication app, ForwardingOptions settings)
    {
        if (settings.KnownProxies.Count == 0)
        {
            return;
        }

        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders =
                ForwardedHeaders.XForwardedFor
                | ForwardedHeaders.XForwardedProto
                | ForwardedHeaders.XForwardedHost
                | (settings.Prefix ? ForwardedHeaders.XForwardedPrefix : ForwardedHeaders.None),
        };
        options.KnownIPNetworks.Clear();
        options.KnownProxies.Clear();
        foreach (var proxy in settings.KnownProxies)
        {
            if (System.Net.IPNetwork.TryParse(proxy, out var network))
            {
                options.KnownIPNetworks.Add(network);
            }
            else if (System.Net.IPAddress.TryParse(proxy, out var address))
            {
                options.KnownProxies.Add(address);
            }
            else
            {
                throw new StartupException(
                    $"ForwardedHeaders:KnownProxies holds '{proxy}', which is neither an IP address nor a network "
                        + "like 10.0.0.0/8; correct it."
                );
            }
        }

        var loggers = app.Services.GetRequiredService<ILoggerFactory>();
        var forwarding = new ForwardedHeadersMiddleware(_ => Task.CompletedTask, loggers, Options.Create(options));
        app.Use(next =>
            http =>
                Fault(http, forwarding, options, settings) is { } header
                    ? http.WriteBadRequestAsync(
                        "invalidForwardedHeader",
                        $"The header {header} of the proxy has no usable value; the proxy's operator has to correct it."
                    )
                    : next(http)
        );
    }

    /// <summary>Applies the headers of a known proxy.</summary>
    /// <returns>The name of a header that cannot be used; null if there is none.</returns>
    private static string? Fault(
        HttpContext http,
        ForwardedHeadersMiddleware forwarding,
        ForwardedHeadersOptions options,
        ForwardingOptions settings
    )
    {
        if (http.Connection.RemoteIpAddress is not { } remote || !IsKnown(remote, options))
        {
            return null;
        }

        // The middleware ignores some invalid values and applies others. Both are wrong for values of a trusted proxy.
        if (
            Nearest(http, options.ForwardedProtoHeaderName) is { } scheme
            && !scheme.Equals(Uri.UriSchemeHttp, StringComparison.OrdinalIgnoreCase)
            && !scheme.Equals(Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase)
        )
        {
            return options.ForwardedProtoHeaderName;
        }

        if (Nearest(http, options.ForwardedHostHeaderName) is { } host && !IsHost(host))
        {
            return options.ForwardedHostHeaderName;
        }

        if (settings.Prefix && Nearest(http, options.ForwardedPrefixHeaderName) is { } prefix && !IsPrefix(prefix))
        {
            return options.ForwardedPrefixHeaderName;
        }

        forwarding.ApplyForwarders(http);
        return null;
    }

    private static bool IsKnown(System.Net.IPAddress remote, ForwardedHeadersOptions options)
    {
        var address = remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote;
        return options.KnownProxies.Contains(address)
            || options.KnownProxies.Contains(remote)
            || options.KnownIPNetworks.Any(n => n.Contains(address) || n.Contains(remote));
    }

    // The proxy itself added the last value. Only this value is applied.
    private static string? Nearest(HttpContext http, string name) =>
        http.Request.Headers[name] is [.., { } values] ? values[(values.LastIndexOf(',') + 1)..].Trim() : null;

    private static bool IsHost(string host) =>
        host.Length > 0
        && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']')
        && Uri.TryCreate($"http://{host}/", UriKind.Absolute, out var url)
        && url.PathAndQuery == "/";

    private static bool IsPrefix(string prefix) =>
        prefix.StartsWith('/')
        && !prefix.StartsWith("//", StringComparison.Ordinal)
        && prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '.' or '_' or '~');
}
