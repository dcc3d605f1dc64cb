using System.Globalization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>The providers at which people sign in to the pages.</summary>
/// <param name="All">The providers, in the order of the settings.</param>
internal sealed record SignInProviders(IReadOnlyList<SignInProvider> All);

/// <summary>A provider at which people sign in to the pages.</summary>
/// <param name="number">The number of the authority in the settings, from 0.</param>
/// <param name="authority">The authority, which has a client for this service.</param>
/// <param name="availability">Tracks whether the provider can be reached.</param>
internal sealed class SignInProvider(int number, AuthorityOptions authority, IssuerAvailability availability)
{
    /// <summary>The path to which the provider sends the browser back. The number of the provider follows.</summary>
    public const string CallbackPath = "/ui/sign-in/callback";

    /// <summary>The item of a sign-in with its id, by which it is completed once.</summary>
    public const string IdItem = "id";

    /// <summary>The time for which a person may be at the provider.</summary>
    public static readonly TimeSpan MaxDuration = TimeSpan.FromMinutes(15);

    /// <summary>The number of the authority in the settings, from 0.</summary>
    public int Number => number;

    /// <summary>The name to show.</summary>
    public string Name { get; } =
        string.IsNullOrWhiteSpace(authority.Name) ? new Uri(authority.Authority).Host : authority.Name.Trim();

    /// <summary>The name of the authentication scheme.</summary>
    public string Scheme { get; } = string.Create(CultureInfo.InvariantCulture, $"sign-in {number}");

    /// <summary>Sends the browser to the provider.</summary>
    /// <param name="http">The request.</param>
    /// <param name="returnPath">The path and query to see after the sign-in, with the path base.</param>
    /// <exception cref="IssuerUnavailableException">The provider cannot be reached.</exception>
    public async Task StartAsync(HttpContext http, string returnPath)
    {
        await RequireAvailableAsync(http);
        await http.ChallengeAsync(
            Scheme,
            new AuthenticationProperties
            {
                RedirectUri = returnPath,
                ExpiresUtc = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow() + MaxDuration,
                Items = { [IdItem] = Guid.NewGuid().ToString() },
            }
        );
    }

    /// <summary>Checks that the configuration of the provider is known, and fetches it if it is not.</summary>
    /// <exception cref="IssuerUnavailableException">The provider cannot be reached.</exception>
    public async Task RequireAvailableAsync(HttpContext http)
    {
        var services = http.RequestServices;
        var client = services.GetRequiredService<IOptionsMonitor<OpenIdConnectOptions>>().Get(Scheme);
        if (
            !await availability.IsAvailableAsync(
                (BaseConfigurationManager)client.ConfigurationManager!,
                services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<ILogger<IssuerAvailability>>(),
                http.RequestAborted
            )
        )
        {
            throw new IssuerUnavailableException();
        }
    }
}
