using System.Security.Claims;
using IndustryData.Domain.Runs;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>Takes JWT bearer tokens of the configured issuers, and no others.</summary>
internal static class Authentication
{
    private const string TenantClaim = "tid";
    private const string OwnScheme = "own keys";

    /// <summary>Adds authentication and the permissions. Whatever says nothing of its own needs a valid token.</summary>
    public static void AddTokens(this IServiceCollection services, TokenOptions options)
    {
        var keys = SigningKeys.Read(options);
        if (keys.Count == 0 && options.Authorities.Count == 0)
        {
            throw new OperatorException("Nobody's tokens would be taken: set Authentication:Authorities:0:Authority to an OpenID Connect provider, or Authentication:SigningKeys:0 to a key (openssl rand -base64 32).");
        }

        Check(options.Authorities);
        var authentication = services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme);
        services.AddSingleton<RememberedTokens>();
        authentication.AddPolicyScheme(JwtBearerDefaults.AuthenticationScheme, displayName: null, scheme => scheme.ForwardDefaultSelector = http => SchemeFor(http, options));
        if (keys.Count > 0)
        {
            authentication.AddJwtBearer(OwnScheme, bearer => Configure(bearer, options.Audience, parameters =>
            {
                parameters.ValidIssuer = SigningKeys.Issuer;
                parameters.IssuerSigningKeys = keys;
                parameters.ValidAlgorithms = [SecurityAlgorithms.HmacSha256];
                parameters.ClockSkew = TimeSpan.Zero;
            }));
        }

        foreach (var authority in options.Authorities)
        {
            authentication.AddJwtBearer(authority.Authority, bearer =>
            {
                bearer.Authority = authority.Authority;
                bearer.RequireHttpsMetadata = authority.RequireHttps;
                bearer.Challenge = authority.AuthorizationUri is { } uri ? $"{bearer.Challenge} authorization_uri=\"{uri}\"" : bearer.Challenge;
                Configure(bearer, authority.Audience ?? options.Audience, parameters =>
                {
                    parameters.ValidIssuer = authority.Issuer;
                    parameters.ValidAlgorithms = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.EcdsaSha256];
                    parameters.ClockSkew = TimeSpan.FromMinutes(1);
                });
            });

            // A key that the issuer has withdrawn is not taken for an hour more: it may have been stolen.
            services.PostConfigure<JwtBearerOptions>(authority.Authority, bearer => ((BaseConfigurationManager)bearer.ConfigurationManager!).UseLastKnownGoodConfiguration = false);
        }

        // It would miss the authorization that a remembered token has made needless.
        services.Configure<RouteOptions>(routing => routing.SuppressCheckForUnhandledSecurityMetadata = true);
        var authorization = services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (var permission in Permissions.All)
        {
            authorization.AddPolicy(permission.Policy, policy => policy.RequireAuthenticatedUser().RequireAssertion(c => Permissions.Grants(c.User, permission)));
        }
    }

    /// <summary>As middleware, behind routing: lets in who may come in. Whom a remembered token lets in goes past what looks at tokens in full.</summary>
    public static void UseTokens(this IApplicationBuilder app)
    {
        var remembered = app.ApplicationServices.GetRequiredService<RememberedTokens>();
        RequestDelegate? inside = null;
        app.Use(next => http => remembered.Admit(http) ? inside!(http) : next(http));
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(next => inside = next);
    }

    /// <summary>The tenant that the token is for.</summary>
    public static TenantId Tenant(this HttpContext http) => new(Guid.Parse(http.User.FindFirstValue(TenantClaim)!));

    private static void Check(IReadOnlyList<AuthorityOptions> authorities)
    {
        foreach (var authority in authorities)
        {
            if (!Uri.TryCreate(authority.Authority, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && (authority.RequireHttps || url.Scheme != Uri.UriSchemeHttp)))
            {
                throw new OperatorException($"Authentication:Authorities holds the authority '{authority.Authority}', which is no https URL; correct it (RequireHttps=false allows http, for trying out).");
            }

            if (authorities.Count(a => a.Authority == authority.Authority) > 1)
            {
                throw new OperatorException($"Authentication:Authorities holds '{authority.Authority}' twice; remove one.");
            }
        }
    }

    private static void Configure(JwtBearerOptions bearer, string audience, Action<TokenValidationParameters> configure)
    {
        bearer.MapInboundClaims = false;
        bearer.SaveToken = false;
        bearer.TokenValidationParameters.ValidAudience = audience;
        configure(bearer.TokenValidationParameters);
        bearer.Events = new JwtBearerEvents
        {
            OnTokenValidated = async context =>
            {
                if (context.Principal?.FindAll(TenantClaim).ToArray() is not [{ Value: var tenant }] || !Guid.TryParseExact(tenant, "D", out _))
                {
                    context.Fail($"The token names no tenant: its claim '{TenantClaim}' must be one GUID.");
                    return;
                }

                await context.HttpContext.RequestServices.GetRequiredService<RememberedTokens>().AddAsync(context);
            },
        };
    }

    /// <summary>The scheme that answers for the token's issuer; the scheme then checks all of the token, that claim included.</summary>
    private static string SchemeFor(HttpContext http, TokenOptions options)
    {
        var own = options.SigningKeys.Count > 0;
        if (options.Authorities.Count == 0 || (own && IssuerOf(http) == SigningKeys.Issuer))
        {
            return OwnScheme;
        }

        var issuer = options.Authorities.Count > 1 ? IssuerOf(http) : null;
        return (options.Authorities.FirstOrDefault(a => issuer == a.Issuer || $"{issuer}/".StartsWith($"{a.Authority.TrimEnd('/')}/", StringComparison.Ordinal))
            ?? options.Authorities[0]).Authority;
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
        catch (Exception exception) when (exception is ArgumentException or SecurityTokenException)
        {
            return null;
        }
    }
}
