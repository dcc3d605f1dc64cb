using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>link [--tenant GUID] [--url BASE]</c>: prints a link that signs a browser in once, with every
/// permission, and nothing else.
/// </summary>
internal static class LinkCommand
{
    private const string Usage = "usage: link [--tenant GUID] [--url BASE]";

    /// <summary>Returns the URL of the service for links: that of the settings, or the one it listens on.</summary>
    /// <exception cref="StartupException">The URL of the settings is not valid.</exception>
    public static Uri ServiceUrl(IConfiguration configuration, Func<Uri> listening) =>
        Settings.Read<SignInOptions>(configuration, SignInOptions.Section).Url is { Length: > 0 } url
            ? ReadUrl(url, "SignIn:Url")
            : listening();

    /// <summary>Creates a link.</summary>
    /// <param name="arguments">The arguments after <c>link</c>.</param>
    /// <param name="options">The settings for accepted tokens.</param>
    /// <param name="service">Returns the URL of the service if the arguments do not name one.</param>
    /// <param name="clock">The clock.</param>
    /// <exception cref="StartupException">The arguments are invalid, or the service has no key of its own.</exception>
    public static string CreateLink(
        IReadOnlyList<string> arguments,
        TokenOptions options,
        Func<Uri> service,
        TimeProvider clock
    )
    {
        var keys = SigningKeys.Read(options);
        if (keys.Count == 0)
        {
            throw new StartupException(
                "This service has no key of its own to sign links with (Authentication:SigningKeys); "
                    + "open /ui, and paste an access token of the configured OpenID Connect provider."
            );
        }

        var tenant = TokenCommand.DevelopmentTenant;
        Uri? url = null;
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : throw new StartupException(Usage);
            switch (arguments[i])
            {
                case "--tenant":
                    tenant = TokenCommand.ReadTenant(value, Usage);
                    break;
                case "--url":
                    url = ReadUrl(value, "--url");
                    break;
                default:
                    throw new StartupException(Usage);
            }
        }

        return new SignInLinks(keys).Create(url ?? service(), tenant, clock);
    }

    private static Uri ReadUrl(string value, string name) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Query.Length == 0
        && url.Fragment.Length == 0
            ? url
            : throw new StartupException($"{name} must be the URL of the service, like {ListenUrls.Default}.");
}
