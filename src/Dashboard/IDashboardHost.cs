using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard;

/// <summary>
/// Connects the pages with the process that serves them: who the caller is, and how the public interface reads query
/// options and writes page tokens.
/// </summary>
public interface IDashboardHost
{
    /// <summary>The ways to sign in.</summary>
    SignInWays SignInWays { get; }

    /// <summary>Returns the caller of an authenticated request.</summary>
    Caller CallerOf(HttpContext http);

    /// <summary>
    /// Returns the path and query of the page to see after the sign-in, without the path base; empty for Overview.
    /// </summary>
    string ReturnPathOf(HttpContext http);

    /// <summary>Returns whether the caller can create access tokens.</summary>
    TokenOffer TokensFor(HttpContext http);

    /// <summary>Returns the URL of the service with a trailing slash, as the caller sees it.</summary>
    string ServiceRootOf(HttpContext http);

    /// <summary>Parses query options in the language of the public interface.</summary>
    /// <param name="tenantId">The tenant of the caller.</param>
    /// <param name="query">The options as text.</param>
    Result<ParsedRunQuery> Parse(TenantId tenantId, RunQueryText query);

    /// <summary>Writes the position of a reader as an opaque token.</summary>
    /// <param name="tenantId">The tenant of the caller.</param>
    /// <param name="query">The options to which the token is bound.</param>
    /// <param name="place">The position.</param>
    /// <param name="cancellationToken">Cancels the read of the key.</param>
    ValueTask<string> WritePageTokenAsync(
        TenantId tenantId,
        RunQueryText query,
        KeysetCursor place,
        CancellationToken cancellationToken
    );

    /// <summary>Reads the position from a token.</summary>
    /// <param name="tenantId">The tenant of the caller.</param>
    /// <param name="query">The options to which the token is bound.</param>
    /// <param name="token">The token.</param>
    /// <param name="cancellationToken">Cancels the read of the key.</param>
    /// <returns>The position; null if the token is not valid for this tenant and these options.</returns>
    ValueTask<KeysetCursor?> ReadPageTokenAsync(
        TenantId tenantId,
        RunQueryText query,
        string token,
        CancellationToken cancellationToken
    );
}

/// <summary>The ways to sign in. An access token can always be pasted.</summary>
/// <param name="Providers">The identity providers at which people sign in.</param>
/// <param name="HasLinks">True if the service accepts sign-in links.</param>
public sealed record SignInWays(IReadOnlyList<SignInWay> Providers, bool HasLinks);

/// <summary>An identity provider.</summary>
/// <param name="Number">Its number in the path <c>/ui/sign-in/start/{number}</c>.</param>
/// <param name="Name">The name to show.</param>
public sealed record SignInWay(int Number, string Name);

/// <summary>The caller of a page.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Name">The name to show.</param>
/// <param name="Permissions">The names of the permissions.</param>
/// <param name="MayWrite">True if the caller may change and delete runs.</param>
/// <param name="Until">The end of the session; null if it is not known.</param>
public sealed record Caller(
    TenantId TenantId,
    string Name,
    IReadOnlyList<string> Permissions,
    bool MayWrite,
    DateTimeOffset? Until
);

/// <summary>The permission of a caller to create access tokens.</summary>
/// <param name="Refusal">Why not, and what to do instead; null if the caller can.</param>
/// <param name="MaxDays">The maximum number of days for which a token is valid.</param>
public sealed record TokenOffer(string? Refusal, int MaxDays);

/// <summary>A token that has just been created. It is shown once.</summary>
/// <param name="Id">Its id, which the audit log has too.</param>
/// <param name="Text">The token.</param>
/// <param name="Permissions">The names of its permissions.</param>
/// <param name="Expires">The time at which it expires.</param>
public sealed record CreatedToken(Guid Id, string Text, IReadOnlyList<string> Permissions, DateTimeOffset Expires);

/// <summary>The query options of a list of runs, as text of the public interface; null if not given.</summary>
/// <param name="Filter">The text of <c>$filter</c>.</param>
/// <param name="OrderBy">The text of <c>$orderby</c>.</param>
/// <param name="Search">The text of <c>$search</c>.</param>
public sealed record RunQueryText(string? Filter, string? OrderBy, string? Search);

/// <summary>Parsed query options.</summary>
/// <param name="Criteria">The criteria that select the runs.</param>
/// <param name="Order">The total order of the runs.</param>
public sealed record ParsedRunQuery(RunCriteria Criteria, IReadOnlyList<RunOrderKey> Order);
