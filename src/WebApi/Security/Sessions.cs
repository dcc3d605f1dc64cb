using System.Security.Claims;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace IndustryData.WebApi.Security;

/// <summary>
/// The sessions of browsers: a sealed cookie with the claims that decide about requests. The cookie stands for a token
/// in requests without the header <c>Authorization</c>.
/// </summary>
internal static class Sessions
{
    /// <summary>The name of the authentication scheme.</summary>
    public const string Scheme = "session";

    private const string Purpose = "IndustryData.Session.v1";

    // An identity provider chooses the length of these claims.
    private const int MaxClaimLength = 256;

    // It is not a claim of the caller's token: the session itself adds it.
    private static readonly Claim _byLink = new("amr", "link");

    private static readonly string[] _identifying =
    [
        Authentication.TenantClaim,
        "sub",
        "oid",
        "azp",
        "appid",
        "name",
        "preferred_username",
        // The audit log names the token or link with which a session started.
        "jti",
    ];

    /// <summary>Adds the scheme.</summary>
    /// <param name="authentication">The builder of the authentication.</param>
    /// <param name="bearer">The scheme of tokens, which challenges callers.</param>
    public static void AddSessions(this AuthenticationBuilder authentication, string bearer)
    {
        var services = authentication.Services;
        services.AddSingleton<SessionKeyRepository>();
        services.AddDataProtection().SetApplicationName("IndustryData");
        services
            .AddOptions<KeyManagementOptions>()
            .Configure<SessionKeyRepository>((keys, repository) => keys.XmlRepository = repository);
        authentication.AddCookie(
            Scheme,
            cookie =>
            {
                cookie.CookieManager = new SessionCookie();
                cookie.Cookie.Name = "industrydata";
                cookie.Cookie.Path = "/";
                cookie.Cookie.HttpOnly = true;
                cookie.Cookie.SameSite = SameSiteMode.Lax;
                cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                cookie.Cookie.IsEssential = true;
                cookie.SlidingExpiration = false;
                cookie.ForwardChallenge = bearer;
                cookie.ForwardForbid = bearer;
                cookie.Events.OnValidatePrincipal = RejectEnded;
            }
        );
        services
            .AddOptions<CookieAuthenticationOptions>(Scheme)
            .Configure<IDataProtectionProvider, IDatabaseHealth>(
                (cookie, keys, database) =>
                    cookie.TicketDataFormat = new SealedFormat<AuthenticationTicket>(
                        TicketSerializer.Default,
                        keys,
                        database,
                        Purpose
                    )
            );
    }

    /// <summary>
    /// Determines whether the session of the browser decides about a request. A header <c>Authorization</c> always
    /// takes precedence, and routes for everyone need neither.
    /// </summary>
    public static bool AppliesTo(HttpContext http) =>
        http.Request.Headers.Authorization.Count == 0
        && http.Request.Headers.Cookie.Count > 0
        && http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null
        && http.Request.Cookies.ContainsKey(SessionCookie.NameFor(http.Request));

    /// <summary>Starts a session, and replaces that of the browser.</summary>
    /// <param name="http">The request.</param>
    /// <param name="caller">The caller. The session keeps the claims that decide about requests.</param>
    /// <param name="started">The time at which the session counts as started, in UTC.</param>
    /// <param name="expires">The time at which the session expires, in UTC.</param>
    /// <param name="isByLink">True if the code of a link starts the session, and false if a token does.</param>
    public static async Task StartSessionAsync(
        this HttpContext http,
        ClaimsPrincipal caller,
        DateTimeOffset started,
        DateTimeOffset expires,
        bool isByLink = false
    )
    {
        var session = PrincipalOf(caller);
        if (isByLink)
        {
            ((ClaimsIdentity)session.Identity!).AddClaim(_byLink);
        }

        await http.SignInAsync(Scheme, session, PropertiesOf(started, expires));

        // The audit log names the caller.
        http.User = session;
    }

    /// <summary>Returns the caller of a session, with the claims that decide about requests.</summary>
    public static ClaimsPrincipal PrincipalOf(ClaimsPrincipal caller) => new(new ClaimsIdentity(Keep(caller), Scheme));

    /// <summary>Returns the properties of a session.</summary>
    /// <inheritdoc cref="StartSessionAsync" path="/param[@name='started' or @name='expires']" />
    public static AuthenticationProperties PropertiesOf(DateTimeOffset started, DateTimeOffset expires) =>
        new()
        {
            IssuedUtc = started,
            ExpiresUtc = expires,
            IsPersistent = true,
            AllowRefresh = false,
        };

    /// <summary>
    /// Returns true if the caller is a session that a link started. Anyone who has the own key can create links and
    /// tokens. A token of limited time must not become a session that creates tokens for a longer time.
    /// </summary>
    public static bool IsByLink(ClaimsPrincipal caller) =>
        caller.Identity?.AuthenticationType == Scheme && caller.HasClaim(_byLink.Type, _byLink.Value);

    private static List<Claim> Keep(ClaimsPrincipal caller)
    {
        var kept = _identifying
            .Select(caller.FindFirst)
            .OfType<Claim>()
            .Select(c => new Claim(c.Type, c.Value[..Math.Min(c.Value.Length, MaxClaimLength)]))
            .ToList();
        kept.AddRange(
            caller
                .FindAll("roles")
                .Where(c => Permissions.Names.Contains(c.Value))
                .Select(c => new Claim(c.Type, c.Value))
        );

        // A claim without known names stays: it means that the roles do not count.
        if (caller.FindAll("scp").ToList() is { Count: > 0 } scopes)
        {
            var names = scopes.SelectMany(c => c.Value.Split(' ')).Where(Permissions.Names.Contains);
            kept.Add(new Claim("scp", string.Join(' ', names)));
        }

        return kept;
    }

    private static Task RejectEnded(CookieValidatePrincipalContext context)
    {
        var revocations = context.HttpContext.RequestServices.GetRequiredService<ITokenRevocations>();
        if (
            context.Properties.IssuedUtc is not { } started
            || revocations.IsSessionEnded(Authentication.TenantOf(context.Principal!), started)
        )
        {
            context.HttpContext.Features.Set(new RefusedCaller(context.Principal!));
            context.RejectPrincipal();
        }

        return Task.CompletedTask;
    }
}
