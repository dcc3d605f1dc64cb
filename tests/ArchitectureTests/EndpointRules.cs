using IndustryData.WebApi.Http;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace IndustryData.ArchitectureTests;

/// <summary>What must be so of every route. Each rule gives the routes that break it.</summary>
internal static class EndpointRules
{
    private static readonly string[] _reading = ["GET", "HEAD", "OPTIONS"];

    /// <summary>
    /// Who may call a route is decided: by one of the policies, or by letting everybody in on purpose.
    /// </summary>
    public static string[] Undecided(IEnumerable<RouteEndpoint> routes) =>
        Show(
            routes.Where(r => !IsAnonymous(r) && !Policies(r).Any(p => Permissions.All.Any(known => known.Policy == p)))
        );

    /// <summary>Everybody is let in only where a reason is given.</summary>
    public static string[] AnonymousWithoutReason(
        IEnumerable<RouteEndpoint> routes,
        IReadOnlyDictionary<string, string> reasons
    ) => Show(routes.Where(r => IsAnonymous(r) && !reasons.ContainsKey(Show(r))));

    /// <summary>
    /// The statuses of a route are documented, and that a token may lack or not suffice where one is asked for.
    /// </summary>
    public static string[] Undocumented(IEnumerable<RouteEndpoint> routes) =>
        Show(
            routes.Where(r =>
                Statuses(r) is var statuses
                && (statuses.Count == 0 || (!IsAnonymous(r) && !(statuses.Contains(401) && statuses.Contains(403))))
            )
        );

    /// <summary>
    /// What changes something asks for the permission to write or to start, unless it does nothing but refuse, or a
    /// reason is given.
    /// </summary>
    public static string[] MutatingWithoutPermission(
        IEnumerable<RouteEndpoint> routes,
        IReadOnlyDictionary<string, string> reasons
    ) =>
        Show(
            routes.Where(r =>
                IsMutating(r)
                && !OnlyRefuses(r)
                && !reasons.ContainsKey(Show(r))
                && (
                    IsAnonymous(r)
                    || !Policies(r).Any(p => p == Permissions.Write.Policy || p == Permissions.Start.Policy)
                )
            )
        );

    /// <summary>
    /// What is offered is described: it carries an <see cref="OperationDescription"/> that says what each of its
    /// statuses below 400 means, and everything that it takes has a sentence. Each line names a route and says what to
    /// do.
    /// </summary>
    public static string[] Undescribed(
        IEnumerable<RouteEndpoint> routes,
        IReadOnlyDictionary<string, string> reasons
    ) =>
        [
            .. routes
                .Where(r => !OnlyRefuses(r) && ApiDocument.MethodOf(r) is not null && !reasons.ContainsKey(Show(r)))
                .SelectMany(r => Faults(r).Select(fault => $"{Show(r)}: {fault}")),
        ];

    /// <summary>
    /// A route names its methods, so that routing answers <c>OPTIONS</c>. Only a route that is marked to refuse
    /// everything may take every method.
    /// </summary>
    public static string[] TakingEveryMethod(IEnumerable<RouteEndpoint> routes) =>
        Show(routes.Where(r => Methods(r).Count == 0 && r.Metadata.GetMetadata<OnlyRefuses>() is null));

    /// <summary>A route as <c>GET /path</c>.</summary>
    public static string Show(RouteEndpoint route) =>
        $"{string.Join(',', Methods(route) is { Count: > 0 } methods ? methods : ["ANY"])} {route.RoutePattern.RawText}";

    private static IEnumerable<string> Faults(RouteEndpoint route)
    {
        if (route.Metadata.GetMetadata<OperationDescription>() is not { } operation)
        {
            return
            [
                "the OpenAPI document does not describe it; end its mapping with .Describes(…), with what it does as in RunOperations.cs, or give the reason in EndpointTests",
            ];
        }

        var (succeeding, refusing) = (Statuses(route).Where(s => s < 400), Statuses(route).Where(s => s >= 400));
        var answers = operation.Answers.Select(a => a.Status).ToList();
        var parts = route.RoutePattern.Parameters.Select(p => p.Name);
        var options = route.Metadata.GetMetadata<SupportedQueryOptions>()?.Names ?? [];
        return
        [
            .. succeeding.Except(answers).Select(s => $"say in the Answers of {operation.Id} what {s} means"),
            .. answers
                .Except(succeeding)
                .Select(s =>
                    $"{operation.Id} has an Answer {s}, which is not among the route's statuses; add it there, or take the Answer out"
                ),
            .. refusing.Where(s => !ApiDocument.IsKnownRefusal(s)).Select(s => $"say in ApiDocument what {s} means"),
            .. parts.Except(Parameters.PathParameters.Keys).Select(p => $"say in Parameters.PathParts what {{{p}}} is"),
            .. options.Except(Parameters.Options.Keys).Select(o => $"say in Parameters.Options what {o} does"),
            .. operation
                .Headers.Except(Parameters.Headers.Keys)
                .Select(h => $"say in Parameters.Headers what {h} does"),
            .. operation
                .Answers.SelectMany(a => a.Headers)
                .Except(Parameters.ResponseHeaders.Keys)
                .Select(h => $"say in Parameters.ResponseHeaders what {h} tells"),
        ];
    }

    private static string[] Show(IEnumerable<RouteEndpoint> routes) => [.. routes.Select(Show)];

    private static bool IsAnonymous(RouteEndpoint route) => route.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static IEnumerable<string?> Policies(RouteEndpoint route) =>
        route.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(a => a.Policy);

    private static HashSet<int> Statuses(RouteEndpoint route) =>
        [.. route.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().Select(p => p.StatusCode)];

    /// <summary>The methods that a route takes; none means all of them.</summary>
    private static IReadOnlyList<string> Methods(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];

    private static bool IsMutating(RouteEndpoint route) =>
        Methods(route) is var methods && (methods.Count == 0 || methods.Except(_reading).Any());

    // It can do so only with 501 or 405: the others depend on the caller, so that another one would be served.
    private static bool OnlyRefuses(RouteEndpoint route) =>
        Statuses(route) is var statuses
        && (statuses.Contains(501) || statuses.Contains(405))
        && statuses.All(s => s >= 400);
}
