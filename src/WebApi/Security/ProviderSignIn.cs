using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using CodeReceivedContext = Microsoft.AspNetCore.Authentication.OpenIdConnect.AuthorizationCodeReceivedContext;
using IdTokenContext = Microsoft.AspNetCore.Authentication.OpenIdConnect.TokenValidatedContext;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Signs people in to the pages at an OpenID Connect provider: authorization code flow with PKCE, as a client with a
/// secret. The ID token of the provider starts a session. No token is kept.
/// </summary>
internal static partial class ProviderSignIn
{
    private const string Purpose = "IndustryData.SignIn.v1";
    private const string AccessDenied = "access_denied";
    private const int MaxReasonLength = 300;

    /// <summary>The lifetime of the sessions. The ID token says who signed in, and not for how long.</summary>
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(12);

    /// <summary>Adds the scheme of a provider.</summary>
    /// <param name="authentication">The builder of the authentication.</param>
    /// <param name="provider">The provider.</param>
    /// <param name="authority">Its settings.</param>
    /// <param name="configure">Sets the issuer and the algorithms of its tokens.</param>
    /// <param name="refusal">Returns the reason to refuse tokens with these claims; null if there is none.</param>
    public static void AddProvider(
        this AuthenticationBuilder authentication,
        SignInProvider provider,
        AuthorityOptions authority,
        Action<TokenValidationParameters> configure,
        Func<ClaimsPrincipal, string?> refusal
    )
    {
        authentication.AddOpenIdConnect(
            provider.Scheme,
            client =>
            {
                client.SignInScheme = Sessions.Scheme;
                client.ClientId = authority.ClientId;
                client.ClientSecret = authority.ClientSecret;
                client.CallbackPath = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{SignInProvider.CallbackPath}/{provider.Number}"
                );
                client.ResponseType = OpenIdConnectResponseType.Code;

                // The provider sends the browser back by a GET, with which browsers send cookies that are Lax.
                client.ResponseMode = OpenIdConnectResponseMode.Query;
                SetCookie(client.CorrelationCookie);
                SetCookie(client.NonceCookie);
                client.RemoteAuthenticationTimeout = SignInProvider.MaxDuration;
                client.ProtocolValidator.NonceLifetime = SignInProvider.MaxDuration;

                // Otherwise, each start of a sign-in would be a request to the provider.
                client.PushedAuthorizationBehavior = PushedAuthorizationBehavior.Disable;
                client.UsePkce = true;
                client.SaveTokens = false;
                client.MapInboundClaims = false;
                client.GetClaimsFromUserInfoEndpoint = false;
                client.DisableTelemetry = true;
                client.RequireHttpsMetadata = authority.RequireHttps;
                client.BackchannelTimeout = IssuerAvailability.FetchTimeout;
                configure(client.TokenValidationParameters);
                client.TokenValidationParameters.ValidAudience = authority.ClientId;
                client.TokenValidationParameters.TypeValidator = static (type, _, _) => CheckType(type);
                client.Events = EventsOf(provider, client.TokenValidationParameters, refusal);
            }
        );
        authentication
            .Services.AddOptions<OpenIdConnectOptions>(provider.Scheme)
            .Configure<IOptionsMonitor<JwtBearerOptions>, IDataProtectionProvider, IDatabaseHealth>(
                (client, bearer, keys, database) =>
                {
                    // The keys of the provider are read once for access tokens and ID tokens.
                    client.ConfigurationManager = bearer.Get(authority.Authority).ConfigurationManager;
                    client.StateDataFormat = new SealedFormat<AuthenticationProperties>(
                        PropertiesSerializer.Default,
                        keys,
                        database,
                        $"{Purpose} {provider.Scheme}"
                    );
                }
            );
    }

    // Providers write the type JWT or none. Access tokens have other types (RFC 9068 §2.1).
    private static string CheckType(string? type) =>
        type is null or "" || type.Equals("JWT", StringComparison.OrdinalIgnoreCase)
            ? type ?? ""
            : throw new SecurityTokenInvalidTypeException("The type of the token is not that of ID tokens.")
            {
                InvalidType = type,
            };

    private static void SetCookie(CookieBuilder cookie)
    {
        cookie.HttpOnly = true;
        cookie.SameSite = SameSiteMode.Lax;
        cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookie.IsEssential = true;
    }

    private static OpenIdConnectEvents EventsOf(
        SignInProvider provider,
        TokenValidationParameters parameters,
        Func<ClaimsPrincipal, string?> refusal
    ) =>
        new()
        {
            OnMessageReceived = context =>
                context.Properties is null ? Task.CompletedTask : provider.RequireAvailableAsync(context.HttpContext),
            OnAuthorizationCodeReceived = UseOnceAsync,
            OnTokenValidated = context =>
            {
                Check(context, provider, parameters, refusal);
                return Task.CompletedTask;
            },
            OnTicketReceived = context =>
            {
                var now = context.HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
                context.Principal = Sessions.PrincipalOf(context.Principal!);
                context.Properties = Sessions.PropertiesOf(now, now + _lifetime);

                // The audit log names the caller.
                context.HttpContext.User = context.Principal;
                return Task.CompletedTask;
            },
            OnRemoteFailure = context => throw Explain(context, provider),
        };

    // The cookies of a browser bind a sign-in to it, but a copy of them could be used again.
    private static async Task UseOnceAsync(CodeReceivedContext context)
    {
        var services = context.HttpContext.RequestServices;
        if (
            context.Properties is not { ExpiresUtc: { } expires } started
            || !Guid.TryParse(started.Items[SignInProvider.IdItem], out var id)
            || expires < services.GetRequiredService<TimeProvider>().GetUtcNow()
        )
        {
            throw Outdated();
        }

        services.GetRequiredService<SignInLimiter>().Count(context.HttpContext);
        var used = services.GetRequiredService<IUsedSignInCodes>();
        if (!await used.TryUseAsync(id, expires, context.HttpContext.RequestAborted))
        {
            throw Outdated();
        }
    }

    private static void Check(
        IdTokenContext context,
        SignInProvider provider,
        TokenValidationParameters parameters,
        Func<ClaimsPrincipal, string?> refusal
    )
    {
        // ASP.NET Core accepts unsigned ID tokens in this flow, because TLS protects them on their way.
        if (!parameters.ValidAlgorithms.Contains(context.SecurityToken.SignatureAlgorithm))
        {
            throw Refuse(context.HttpContext, provider, "Its ID token has no signature that this service accepts");
        }

        var person = context.Principal!;
        if (refusal(person) is { } reason)
        {
            throw Refuse(context.HttpContext, provider, reason);
        }

        if (!Permissions.Grants(person, Permissions.Read))
        {
            context.HttpContext.Features.Set(new RefusedCaller(person));
            throw new SignInRefusedException(
                "noRole",
                $"You signed in at {provider.Name}, but you have no role for this service. Ask an administrator of "
                    + $"{provider.Name} for one of the roles {string.Join(", ", Permissions.Names)}, and sign in again."
            );
        }
    }

    /// <summary>Returns the exception that says to the person why the sign-in failed and what to do.</summary>
    private static Exception Explain(RemoteFailureContext context, SignInProvider provider)
    {
        var (http, failure) = (context.HttpContext, context.Failure!);
        if (context.Properties?.RedirectUri is { } returnPath)
        {
            http.Features.Set(new FailedSignIn(returnPath));
        }

        if (
            failure is SignInRefusedException or LimitExceededException or IssuerUnavailableException
            || http.RequestAborted.IsCancellationRequested
        )
        {
            return failure;
        }

        switch (failure)
        {
            case OpenIdConnectProtocolException when failure.Data["error"] is string error:
                return ExplainError(http, provider, error, failure.Data["error_description"] as string);
            // The token request has no cancellation of its own, so these are not those of the database.
            case HttpRequestException or HttpIOException or TaskCanceledException:
            case OpenIdConnectProtocolException { InnerException: not null }:
                LogFailed(LoggerOf(http), provider.Name, $"no answer to a code ({failure.GetType().Name})");
                return new IssuerUnavailableException();
            case not null when http.RequestServices.GetRequiredService<IDatabaseHealth>().Classify(failure) is not null:
                return failure;
            case OpenIdConnectProtocolException or ArgumentException or FormatException or JsonException:
                LogFailed(LoggerOf(http), provider.Name, failure.GetType().Name);
                return Refuse(http, provider, "Its answer does not follow the protocol");
            case SecurityTokenException:
                return Refuse(http, provider, Challenges.Describe(failure));
            case AuthenticationFailureException:
                // There is no state, another service sealed it, or it is that of another browser.
                return Outdated();
            default:
                return new InvalidOperationException("A sign-in failed unexpectedly.", failure);
        }
    }

    // The errors of RFC 6749, §4.1.2.1 and §5.2.
    private static Exception ExplainError(HttpContext http, SignInProvider provider, string error, string? description)
    {
        if (http.Request.Query.ContainsKey("error"))
        {
            // Everybody can write these texts into the address.
            if (error == AccessDenied)
            {
                return new SignInRefusedException(
                    "signInDenied",
                    $"{provider.Name} did not sign you in, because you or its administrator declined. "
                        + "Sign in again, or ask the administrator for access to this service."
                );
            }

            LogFailed(LoggerOf(http), provider.Name, $"error {Shorten(error)}");
        }
        else
        {
            var code = http.Request.Query["code"].ToString();
            LogFailed(
                LoggerOf(http),
                provider.Name,
                Shorten($"{error}: {description}".Replace(code, "(the code)", StringComparison.Ordinal))
            );
        }

        return error switch
        {
            "server_error" or "temporarily_unavailable" => new IssuerUnavailableException(),
            "invalid_grant" => Outdated(),
            _ => new SignInRefusedException(
                "signInRefused",
                $"{provider.Name} refused the request of this service. "
                    + "Give the operator of this service the request id; the log has the reason."
            ),
        };
    }

    private static SignInRefusedException Outdated() =>
        new(
            "signInOutdated",
            "This sign-in is not the last one of this browser, has been used already, or has taken longer than "
                + $"{SignInProvider.MaxDuration.TotalMinutes} minutes. Sign in again."
        );

    private static SignInRefusedException Refuse(HttpContext http, SignInProvider provider, string reason)
    {
        LogFailed(LoggerOf(http), provider.Name, reason);
        return new SignInRefusedException(
            "signInRefused",
            $"The sign-in at {provider.Name} is not accepted. {reason}. "
                + "Give the operator of this service the request id."
        );
    }

    // One line of printable text.
    private static string Shorten(string text) =>
        new([.. text.Take(MaxReasonLength).Select(c => c is >= ' ' and <= '~' ? c : '?')]);

    private static ILogger LoggerOf(HttpContext http) =>
        http.RequestServices.GetRequiredService<ILogger<SignInProvider>>();

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sign-in at {Provider} failed: {Reason}")]
    private static partial void LogFailed(ILogger logger, string provider, string reason);
}

/// <summary>The feature of a request with which a sign-in at a provider failed.</summary>
/// <param name="ReturnPath">The path and query to see after another attempt, with the path base.</param>
internal sealed record FailedSignIn(string ReturnPath);

/// <summary>The exception for a sign-in at a provider that is not accepted.</summary>
/// <param name="code">The code of the error.</param>
/// <param name="message">What happened and what to do. The text is shown to the person.</param>
internal sealed class SignInRefusedException(string code, string message) : Exception(message)
{
    /// <summary>The code of the error.</summary>
    public string Code => code;
}
