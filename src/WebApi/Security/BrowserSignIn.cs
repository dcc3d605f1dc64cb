using System.Security.Claims;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>Starts the session of a browser for a code of a link, or for an access token.</summary>
internal sealed class BrowserSignIn(
    SignInLinks links,
    IUsedSignInCodes used,
    ITokenRevocations revocations,
    TimeProvider clock
)
{
    /// <summary>The maximum length of a code or token, in characters.</summary>
    public const int MaxLength = 16 * 1024;

    private static readonly TimeSpan _lifetime = TimeSpan.FromDays(7);

    private string Advice => links.AreAccepted ? "Get a new link with ./run link" : "Get an access token";

    /// <summary>Starts a session if the code or the token is valid.</summary>
    /// <param name="http">The request.</param>
    /// <param name="text">The code or token.</param>
    /// <returns>The reason why it is not accepted, with what to do; null if the session has been started.</returns>
    /// <exception cref="IssuerUnavailableException">The issuer of the token cannot be reached.</exception>
    public async Task<string?> TryStartAsync(HttpContext http, string text)
    {
        if (Read(text) is not { } token)
        {
            return $"This is neither the code of a sign-in link nor an access token. {Advice}.";
        }

        return SignInLinks.IsCode(token) ? await TryUseCodeAsync(http, token) : await TryUseTokenAsync(http, text);
    }

    private async Task<string?> TryUseCodeAsync(HttpContext http, JsonWebToken code)
    {
        var result = await links.ValidateAsync(code);
        if (!result.IsValid)
        {
            return result.Exception is SecurityTokenExpiredException
                ? $"The sign-in link has expired. It is valid for {SignInLinks.Lifetime.TotalMinutes} minutes. "
                    + $"{Advice}."
                : $"The code of the sign-in link is not valid here. {Advice} of this service.";
        }

        var caller = new ClaimsPrincipal(result.ClaimsIdentity);
        if (Authentication.TenantRefusal(caller) is not null || !Guid.TryParse(code.Id, out var id))
        {
            return $"The code of the sign-in link is not complete. {Advice} of this service.";
        }

        var issued = Authentication.IssueTimeOf(code);
        if (revocations.IsSessionEnded(Authentication.TenantOf(caller), issued))
        {
            return $"The sign-in link has been revoked. {Advice}.";
        }

        if (!await used.TryUseAsync(id, code.ValidTo, http.RequestAborted))
        {
            return $"The sign-in link has been used already: it signs in once. {Advice}.";
        }

        await http.StartSessionAsync(caller, issued, clock.GetUtcNow() + _lifetime, isByLink: true);
        return null;
    }

    private async Task<string?> TryUseTokenAsync(HttpContext http, string text)
    {
        // The schemes of tokens read the header of a request and remember their result for it. This request has no
        // header, so the token gets a request of its own.
        await using var scope = http.RequestServices.CreateAsyncScope();
        var asking = new DefaultHttpContext
        {
            RequestServices = scope.ServiceProvider,
            RequestAborted = http.RequestAborted,
        };
        asking.Request.Headers.Authorization = $"Bearer {text}";
        var result = await asking.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme);
        if (!result.Succeeded || result.Properties?.ExpiresUtc is not { } expires)
        {
            var failure = Challenges.CauseOf(result.Failure);
            return failure is IssuerUnavailableException
                ? throw failure
                : $"The access token is not accepted. {Challenges.Describe(failure)}. Get a new one.";
        }

        // A revocation of the own tokens also ends the sessions that started with them.
        var token = new JsonWebToken(text);
        var started = token.Issuer == SigningKeys.Issuer ? Authentication.IssueTimeOf(token) : clock.GetUtcNow();
        await http.StartSessionAsync(result.Principal, started, expires);
        return null;
    }

    private static JsonWebToken? Read(string text)
    {
        try
        {
            return text.Length is > 0 and <= MaxLength ? new JsonWebToken(text) : null;
        }
        catch (Exception exception) when (Authentication.IsMalformed(exception))
        {
            return null;
        }
    }
}
