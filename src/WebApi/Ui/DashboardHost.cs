using System.Security.Claims;
using IndustryData.Application.Runs;
using IndustryData.Dashboard;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Ui;

/// <summary>Connects the pages with the authentication and the query options of this service.</summary>
internal sealed class DashboardHost(
    PageTokenProtector tokens,
    SignInProviders providers,
    SignInLinks links,
    OwnTokens ownTokens
) : IDashboardHost
{
    public SignInWays SignInWays { get; } =
        new([.. providers.All.Select(p => new SignInWay(p.Number, p.Name))], links.AreAccepted);

    public Caller CallerOf(HttpContext http) =>
        new(
            http.Tenant(),
            NameOf(http.User),
            [.. Permissions.Names.Where(name => Permissions.Grants(http.User, new Permission(name, [name])))],
            Permissions.Grants(http.User, Permissions.Write),
            http.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc
        );

    public string ReturnPathOf(HttpContext http)
    {
        if (http.Features.Get<FailedSignIn>() is { } failed)
        {
            return failed.ReturnPath[http.Request.PathBase.ToUriComponent().Length..];
        }

        // Null if there is no form, or if it has not been read.
        var form = http.Features.Get<IFormFeature>()?.Form;
        return (form?["return"] ?? http.Request.Query["return"]).ToString();
    }

    public TokenOffer TokensFor(HttpContext http) =>
        new(
            !ownTokens.HasKey
                    ? "This service has no key of its own to sign tokens with. Get a token from the identity provider."
                : !Sessions.IsByLink(http.User)
                    ? "Only a session that a sign-in link has started can create tokens. Open a link that "
                        + "./run link prints, or get a token with ./run token."
                : null,
            OwnTokens.MaxDays
        );

    public string ServiceRootOf(HttpContext http) => ServiceRoot.Of(http.Request);

    public Result<ParsedRunQuery> Parse(TenantId tenantId, RunQueryText query)
    {
        var parsed = RunQueryOptions.Read(tenantId, OptionsOf(query), RunProjection.ListDefault);
        return parsed.TryGetValue(out var options, out var error)
            ? new ParsedRunQuery(options.Criteria, options.Order)
            : error;
    }

    public ValueTask<string> WritePageTokenAsync(
        TenantId tenantId,
        RunQueryText query,
        KeysetCursor place,
        CancellationToken cancellationToken
    ) =>
        tokens.WriteAsync(
            tenantId,
            PageTokenProtector.List,
            OptionsOf(query).ForNextPage,
            place.Keys,
            cancellationToken
        );

    public async ValueTask<KeysetCursor?> ReadPageTokenAsync(
        TenantId tenantId,
        RunQueryText query,
        string token,
        CancellationToken cancellationToken
    )
    {
        var opened = await tokens.ReadAsync(
            tenantId,
            PageTokenProtector.List,
            OptionsOf(query).ForThisPage,
            token,
            cancellationToken
        );
        return opened.Place is { } place ? new KeysetCursor(place) : null;
    }

    private static ODataQueryString OptionsOf(RunQueryText query) =>
        ODataQueryString.Of(
            (ODataQueryString.Filter, query.Filter),
            (ODataQueryString.OrderBy, query.OrderBy),
            (ODataQueryString.Search, query.Search)
        );

    // The subject of an application is its id, which says more than nothing.
    private static string NameOf(ClaimsPrincipal caller) =>
        caller.FindFirst("name")?.Value
        ?? caller.FindFirst("preferred_username")?.Value
        ?? caller.FindFirst("sub")?.Value
        ?? "Signed in";
}
