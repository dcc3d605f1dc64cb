using System.Security.Claims;
using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Authenticates requests with JWT bearer tokens of the configured issuers, and with the sessions of browsers.
/// </summary>
internal static class Authentication
{
    /// <summary>The claim with the tenant.</summary>
    public const string TenantClaim = "tid";

    private const string OwnScheme = "own keys";
    private const string AnyTenant = "*";

    // The types of access tokens (RFC 9068 §2.1). Most providers write JWT. The parameter is optional (RFC 7519 §5.1).
    private static readonly string[] _types = ["at+jwt", "application/at+jwt", "JWT"];

    // The maximum time for which a key is still accepted after the issuer has withdrawn it. The key may have been
    // stolen.
    private static readonly TimeSpan _keyRefreshInterval = TimeSpan.FromHours(1);

    /// <summary>
    /// Adds authentication and the permissions. An endpoint without its own policy needs a valid token.
    /// </summary>
    public static void AddTokenAuthentication(this IServiceCollection services, TokenOptions options)
    {
        var keys = SigningKeys.Read(options);
        if (keys.Count == 0 && options.Authorities.Count == 0)
        {
            throw new StartupException(
                "No token would be accepted: set Authentication:Authorities:0:Authority to an OpenID Connect provider, "
                    + "or Authentication:SigningKeys:0 to a key (openssl rand -base64 32)."
            );
        }

        Check(options.Authorities);
        var authentication = services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme);
        services.AddSingleton<ValidatedTokenCache>();
        authentication.AddPolicyScheme(
            JwtBearerDefaults.AuthenticationScheme,
            displayName: null,
            scheme =>
                scheme.ForwardDefaultSelector = http =>
                    Sessions.AppliesTo(http) ? Sessions.Scheme : SchemeFor(http, options)
        );
        authentication.AddSessions(options.Authorities is [var first, ..] ? first.Authority : OwnScheme);
        services.AddSingleton(new SignInLinks(keys));
        services.AddSingleton(new OwnTokens(keys, options.Audience));
        services.AddSingleton<BrowserSignIn>();
        services.AddSingleton<SignInLimiter>();
        if (keys.Count > 0)
        {
            authentication.AddJwtBearer(
                OwnScheme,
                bearer =>
                    Configure(
                        bearer,
                        options.Audience,
                        tenants: null,
                        isOwn: true,
                        parameters =>
                        {
                            parameters.ValidIssuer = SigningKeys.Issuer;
                            parameters.IssuerSigningKeys = keys;
                            parameters.ValidAlgorithms = [SecurityAlgorithms.HmacSha256];
                            parameters.ClockSkew = TimeSpan.Zero;
                        }
                    )
            );
        }

        var providers = new List<SignInProvider>();
        foreach (var (number, authority) in options.Authorities.Index())
        {
            var availability = new IssuerAvailability(authority.Authority);
            var tenants = TenantsOf(authority);
            void ConfigureIssuer(TokenValidationParameters parameters)
            {
                parameters.ValidIssuer = authority.Issuer;
                parameters.ValidAlgorithms =
                [
                    SecurityAlgorithms.RsaSha256,
                    SecurityAlgorithms.RsaSsaPssSha256,
                    SecurityAlgorithms.EcdsaSha256,
                ];
                parameters.ClockSkew = TimeSpan.FromMinutes(1);
            }

            authentication.AddJwtBearer(
                authority.Authority,
                bearer =>
                {
                    bearer.Authority = authority.Authority;
                    bearer.RequireHttpsMetadata = authority.RequireHttps;
                    bearer.Challenge = authority.AuthorizationUri is { } uri
                        ? $"{bearer.Challenge} authorization_uri=\"{uri}\""
                        : bearer.Challenge;
                    bearer.BackchannelTimeout = IssuerAvailability.FetchTimeout;
                    bearer.AutomaticRefreshInterval = _keyRefreshInterval;
                    Configure(bearer, authority.Audience ?? options.Audience, tenants, isOwn: false, ConfigureIssuer);
                    bearer.Events.OnMessageReceived = context => RequireIssuerAsync(context, availability);
                }
            );

            // With the last known good configuration, withdrawn keys would be accepted for another hour.
            services.PostConfigure<JwtBearerOptions>(
                authority.Authority,
                bearer => ((BaseConfigurationManager)bearer.ConfigurationManager!).UseLastKnownGoodConfiguration = false
            );
            if (!string.IsNullOrEmpty(authority.ClientId))
            {
                var provider = new SignInProvider(number, authority, availability);
                authentication.AddProvider(provider, authority, ConfigureIssuer, p => TenantRefusal(p, tenants));
                providers.Add(provider);
            }
        }

        services.AddSingleton(new SignInProviders(providers));

        // A request with a cached token skips the authorization middleware. The check would report that as an error.
        services.Configure<RouteOptions>(routing => routing.SuppressCheckForUnhandledSecurityMetadata = true);
        var authorization = services
            .AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (var permission in Permissions.All)
        {
            authorization.AddPolicy(
                permission.Policy,
                policy =>
                    policy.RequireAuthenticatedUser().RequireAssertion(c => Permissions.Grants(c.User, permission))
            );
        }
    }

    /// <summary>
    /// Adds the middleware that authenticates and authorizes requests. It runs after routing. A request with a cached
    /// token skips the complete validation.
    /// </summary>
    public static void UseTokenAuthentication(this IApplicationBuilder app)
    {
        var remembered = app.ApplicationServices.GetRequiredService<ValidatedTokenCache>();
        RequestDelegate? inside = null;
        app.Use(next => http => remembered.TryAuthenticate(http) ? inside!(http) : next(http));
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(next => inside = next);
    }

    /// <summary>Returns the tenant of the token.</summary>
    public static TenantId Tenant(this HttpContext http) => TenantOf(http.User);

    /// <summary>Returns the time at which a token was issued; the earliest time if the token has none.</summary>
    public static DateTimeOffset IssueTimeOf(JsonWebToken token) =>
        new(DateTime.SpecifyKind(token.IssuedAt, DateTimeKind.Utc));

    /// <summary>Returns the tenant of a caller whose token has been validated.</summary>
    public static TenantId TenantOf(ClaimsPrincipal caller) => new(Guid.Parse(caller.FindFirstValue(TenantClaim)!));

    private static void Check(List<AuthorityOptions> authorities)
    {
        foreach (var (number, authority) in authorities.Index())
        {
            if (
                !Uri.TryCreate(authority.Authority, UriKind.Absolute, out var url)
                || (url.Scheme != Uri.UriSchemeHttps && (authority.RequireHttps || url.Scheme != Uri.UriSchemeHttp))
            )
            {
                throw new StartupException(
                    $"Authentication:Authorities holds the authority '{authority.Authority}', "
                        + "which is not an https URL; correct it (RequireHttps=false allows http, for tests)."
                );
            }

            if (authorities.Count(a => a.Authority == authority.Authority) > 1)
            {
                throw new StartupException(
                    $"Authentication:Authorities holds '{authority.Authority}' twice; remove one."
                );
            }

            if (string.IsNullOrWhiteSpace(authority.ClientId) != string.IsNullOrWhiteSpace(authority.ClientSecret))
            {
                var (set, missing) = string.IsNullOrWhiteSpace(authority.ClientId)
                    ? (nameof(authority.ClientSecret), nameof(authority.ClientId))
                    : (nameof(authority.ClientId), nameof(authority.ClientSecret));
                throw new StartupException(
                    $"Authentication:Authorities:{number}:{set} is set, and {missing} is not; "
                        + "set both, so that people can sign in at the provider, or neither."
                );
            }

            CheckTenants(authority, isSole: authorities.Count == 1);
        }
    }

    private static void CheckTenants(AuthorityOptions authority, bool isSole)
    {
        if (authority.Tenants.Count == 0 && !isSole)
        {
            throw new StartupException(
                $"Authentication:Authorities has several authorities, and '{authority.Authority}' names no Tenants; "
                    + "list the GUIDs of its tenants."
            );
        }

        if (authority.Tenants.Contains(AnyTenant) && (!isSole || authority.Tenants.Count > 1))
        {
            throw new StartupException(
                $"Authentication:Authorities: Tenants of '{authority.Authority}' holds '*', "
                    + "which is allowed only for a sole authority and only without other values; "
                    + "list the GUIDs of its tenants."
            );
        }

        if (authority.Tenants.Find(t => t != AnyTenant && !Guid.TryParseExact(t, "D", out _)) is { } wrong)
        {
            throw new StartupException(
                $"Authentication:Authorities: Tenants of '{authority.Authority}' holds '{wrong}', "
                    + "which is neither a GUID nor '*'; correct it."
            );
        }
    }

    /// <summary>Returns the tenants for which an authority may issue tokens; null for every tenant.</summary>
    private static HashSet<Guid>? TenantsOf(AuthorityOptions authority) =>
        authority.Tenants.Count == 0 || authority.Tenants.Contains(AnyTenant)
            ? null
            : [.. authority.Tenants.Select(Guid.Parse)];

    private static void Configure(
        JwtBearerOptions bearer,
        string audience,
        HashSet<Guid>? tenants,
        bool isOwn,
        Action<TokenValidationParameters> configure
    )
    {
        bearer.MapInboundClaims = false;
        bearer.SaveToken = false;
        bearer.IncludeErrorDetails = false;
        bearer.TokenValidationParameters.ValidAudience = audience;
        bearer.TokenValidationParameters.TypeValidator = static (type, _, _) => CheckType(type);
        configure(bearer.TokenValidationParameters);
        bearer.Events = new JwtBearerEvents
        {
            OnTokenValidated = async context =>
            {
                if (Refusal(context.Principal!, tenants) is { } reason)
                {
                    context.Fail(new TokenRefusedException(reason));
                    return;
                }

                var services = context.HttpContext.RequestServices;
                if (isOwn && IsRevoked(context, services.GetRequiredService<ITokenRevocations>()))
                {
                    context.HttpContext.Features.Set(new RefusedCaller(context.Principal!));
                    context.Fail(new TokenRefusedException("The token has been revoked; get a new one"));
                    return;
                }

                await services.GetRequiredService<ValidatedTokenCache>().AddAsync(context);
            },
            OnChallenge = Challenges.AnswerAsync,
        };
    }

    private static bool IsRevoked(TokenValidatedContext context, ITokenRevocations revocations) =>
        revocations.IsRevoked(TenantOf(context.Principal!), IssueTimeOf((JsonWebToken)context.SecurityToken));

    // Media types are case-insensitive (RFC 7515 §4.1.9).
    private static string CheckType(string? type) =>
        string.IsNullOrEmpty(type) || _types.Contains(type, StringComparer.OrdinalIgnoreCase)
            ? type ?? ""
            : throw new SecurityTokenInvalidTypeException("The type of the token is not a type of access tokens.")
            {
                InvalidType = type,
            };

    /// <summary>Checks the claim with the tenant.</summary>
    /// <returns>The reason why the claim is not valid; null if it is.</returns>
    public static string? TenantRefusal(ClaimsPrincipal caller) =>
        caller.FindAll(TenantClaim).ToArray() is [{ Value: var text }] && Guid.TryParseExact(text, "D", out _)
            ? null
            : "The token names no tenant: its claim 'tid' must be one GUID";

    private static string? TenantRefusal(ClaimsPrincipal caller, HashSet<Guid>? tenants) =>
        TenantRefusal(caller) is { } reason ? reason
        : tenants?.Contains(TenantOf(caller).Value) == false
            ? "The token's issuer may not issue tokens for the tenant of its claim 'tid'"
        : null;

    private static string? Refusal(ClaimsPrincipal caller, HashSet<Guid>? tenants)
    {
        if (TenantRefusal(caller, tenants) is { } reason)
        {
            return reason;
        }

        // A nonce binds an ID token to a sign-in (OpenID Connect Core §2). An ID token is for the client, not for a
        // service.
        return caller.HasClaim(c => c.Type == "nonce")
            ? "The token is an ID token (it has a nonce); send an access token"
            : null;
    }

    private static async Task RequireIssuerAsync(MessageReceivedContext context, IssuerAvailability availability)
    {
        // A header that does not contain a token is rejected without the keys of the issuer.
        var services = context.HttpContext.RequestServices;
        if (
            IssuerOf(context.HttpContext) is not null
            && context.Options.ConfigurationManager is BaseConfigurationManager configuration
            && !await availability.IsAvailableAsync(
                configuration,
                services.GetRequiredService<TimeProvider>(),
                services.GetRequiredService<ILogger<IssuerAvailability>>(),
                context.HttpContext.RequestAborted
            )
        )
        {
            context.Fail(new IssuerUnavailableException());
        }
    }

    /// <summary>
    /// Returns the authentication scheme for the issuer of the token. The scheme then validates the complete token,
    /// including this claim.
    /// </summary>
    private static string SchemeFor(HttpContext http, TokenOptions options)
    {
        var own = options.SigningKeys.Count > 0;
        if (options.Authorities.Count == 0 || (own && IssuerOf(http) == SigningKeys.Issuer))
        {
            return OwnScheme;
        }

        var issuer = options.Authorities.Count > 1 ? IssuerOf(http) : null;
        return (
            options.Authorities.FirstOrDefault(a =>
                issuer == a.Issuer || $"{issuer}/".StartsWith($"{a.Authority.TrimEnd('/')}/", StringComparison.Ordinal)
            ) ?? options.Authorities[0]
        ).Authority;
    }

    private static string? IssuerOf(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        try
        {
            return new JsonWebToken(header["Bearer ".Length..].Trim()).Issuer;
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            return null;
        }
    }

    /// <summary>Determines whether an exception reports that a text is not a token.</summary>
    public static bool IsMalformed(Exception exception) =>
        exception
            is ArgumentException
                or SecurityTokenException
                or FormatException
                or InvalidOperationException
                or JsonException;
}

/// <summary>The caller whose valid token was refused because it has been revoked. It has no permission.</summary>
/// <param name="Claims">The claims of the token.</param>
internal sealed record RefusedCaller(ClaimsPrincipal Claims);
