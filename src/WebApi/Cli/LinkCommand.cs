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
            ? ListenUrls.ReadServiceUrl(url, "SignIn:Url")
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

        var (tenant, url) = OptionPairs.ReadTenantAndUrl(arguments, Usage);
        return new SignInLinks(keys).Create(url ?? service(), tenant, clock);
    }
}
