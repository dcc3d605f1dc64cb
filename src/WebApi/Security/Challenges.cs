using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Reports in <c>WWW-Authenticate</c> why a token is rejected (RFC 6750 §3). The texts are fixed, because the content
/// of a token must not be copied to a header.
/// </summary>
internal static class Challenges
{
    /// <summary>Completes the challenge for a request whose token is missing or rejected.</summary>
    public static Task AnswerAsync(JwtBearerChallengeContext challenge)
    {
        var failure = CauseOf(challenge.AuthenticateFailure);
        if (failure is IssuerUnavailableException)
        {
            // The token may be valid, so the response is not 401. GraphErrorMiddleware catches the exception.
            throw failure;
        }

        if (failure is not null)
        {
            challenge.Error = "invalid_token";
            challenge.ErrorDescription = Describe(failure);
        }

        return Task.CompletedTask;
    }

    /// <summary>Returns the first of several failures.</summary>
    public static Exception? CauseOf(Exception? failure) =>
        failure is AggregateException { InnerException: { } first } ? first : failure;

    /// <summary>Returns the reason why a token is rejected, without a period.</summary>
    public static string Describe(Exception? failure) =>
        failure switch
        {
            TokenRefusedException => failure.Message,
            SecurityTokenExpiredException => "The token has expired",
            SecurityTokenNotYetValidException => "The token is not valid yet",
            SecurityTokenNoExpirationException or SecurityTokenInvalidLifetimeException =>
                "The token's lifetime (exp, nbf) is missing or invalid",
            SecurityTokenInvalidAudienceException => "The token's audience (aud) is not this service",
            SecurityTokenInvalidIssuerException => "The token's issuer (iss) is not one that this service trusts",
            SecurityTokenSignatureKeyNotFoundException => "The key of the token's signature is not known",
            SecurityTokenInvalidSignatureException => "The token's signature is invalid",
            SecurityTokenInvalidTypeException => "The token's type (typ) must be JWT or at+jwt",
            _ => "The token is invalid",
        };
}
