using IndustryData.WebApi.Http;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace IndustryData.ArchitectureTests;

/// <summary>The rules for all routes. Each rule returns the routes that break it.</summary>
internal static class EndpointRules
{
    private static readonly string[] _reading = ["GET", "HEAD", "OPTIONS"];

    /// <summary>
    /// Each route specifies its callers: it requires one of the policies, or it explicitly allows anonymous access.
    /// </summary>
    public static string[] Undecided(IEnumerable<RouteEndpoint> routes) =>
        Show(
            routes.Where(r => !IsAnonymous(r) && !Policies(r).Any(p => Permissions.All.Any(known => known.Policy == p)))
        );

    /// <summary>Each route that allows anonymous access has a reason.</summary>
    public static string[] AnonymousWithoutReason(
        IEnumerable<RouteEndpoint> routes,
        IReadOnlyDictionary<string, string> reasons
    ) => Show(routes.Where(r => IsAnonymous(r) && !reasons.ContainsKey(Show(r))));

    /// <summary>
    /// Each route documents its statuses. A route that requires a token also documents 401 and 403.
    /// </summary>
    public static string[] Undocumented(IEnumerable<RouteEndpoint> routes) =>
        Show(
            routes.Where(r =>
                Statuses(r) is var statuses
                && (statuses.Count == 0 || (!IsAnonymous(r) && !(statuses.Contains(401) && statuses.Contains(403))))
            )
        );

    /// <summary>
    /// Each route that changes data requires the permission to write or to start, unless it refuses all requests or has
    /// a reason.
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
    /// Each supported operation is described. It has an <see cref="OperationDescription"/> with the meaning of each of
    /// its statuses below 400, and each of its parameters has a description. Pages for people are not operations.
    /// </summary>
    /// <returns>A list of messages. Each message contains a route and the required correction.</returns>
    public static string[] Undescribed(
        IEnumerable<RouteEndpoint> routes,
        IReadOnlyDictionary<string, string> reasons
    ) =>
        [
            .. routes
                .Where(r => r.Metadata.GetMetadata<ErrorPage>() is null)
                .Where(r => !OnlyRefuses(r) && ApiDocument.MethodOf(r) is not null && !reasons.ContainsKey(Show(r)))
                .SelectMany(r => Faults(r).Select(fault => $"{Show(r)}: {fault}")),
        ];

    /// <summary>
    /// Each route specifies its methods, so that routing can answer <c>OPTIONS</c>. Only a route that is marked to
    /// refuse all requests can accept all methods.
    /// </summary>
    public static string[] TakingEveryMethod(IEnumerable<RouteEndpoint> routes) =>
        Show(routes.Where(r => Methods(r).Count == 0 && r.Metadata.GetMetadata<OnlyRefuses>() is null));

    /// <summary>Formats a route as <c>GET /path</c>.</summary>
    public static string Show(RouteEndpoint route)
    {
        var methods = Methods(route) is { Count: > 0 } named ? named : ["ANY"];
        return $"{string.Join(',', methods)} {route.RoutePattern.RawText}";
    }

    private static IEnumerable<string> Faults(RouteEndpoint route)
    {
        if (route.Metadata.GetMetadata<OperationDescription>() is not { } operation)
        {
            return
            [
                "the OpenAPI document does not describe it: "
                    + "map it with MapOperation and a description as in RunOperations.cs, "
                    + "or add the reason to EndpointTests",
            ];
        }

        var (succeeding, refusing) = (Statuses(route).Where(s => s < 400), Statuses(route).Where(s => s >= 400));
        var answers = operation.Answers.Select(a => a.Status).ToList();
        var parts = route.RoutePattern.Parameters.Select(p => p.Name);
        var options = route.Metadata.GetMetadata<SupportedQueryOptions>()?.Names ?? [];
        return
        [
            .. succeeding.Except(answers).Select(s => $"add the meaning of {s} to the Answers of {operation.Id}"),
            .. answers
                .Except(succeeding)
                .Select(s =>
                    $"{operation.Id} has an Answer {s}, which is not a status of the route: "
                    + "map the route with MapOperation, or remove the Answer"
                ),
            .. refusing.Where(s => !ApiDocument.IsDocumentedError(s)).Select(s => $"add {s} to ErrorStatus.All"),
            .. parts.Except(Parameters.PathParameters.Keys).Select(p => $"add {{{p}}} to Parameters.PathParameters"),
            .. options.Except(Parameters.Options.Keys).Select(o => $"add {o} to Parameters.Options"),
            .. operation.Headers.Except(RequestHeader.All).Select(h => $"add {h.Key} to RequestHeader.All"),
            .. operation
                .Answers.SelectMany(a => a.Headers)
                .Except(ResponseHeader.All)
                .Select(h => $"add {h.Name} to ResponseHeader.All"),
        ];
    }

    private static string[] Show(IEnumerable<RouteEndpoint> routes) => [.. routes.Select(Show)];

    private static bool IsAnonymous(RouteEndpoint route) => route.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static IEnumerable<string?> Policies(RouteEndpoint route) =>
        route.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(a => a.Policy);

    private static HashSet<int> Statuses(RouteEndpoint route) =>
        [.. route.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().Select(p => p.StatusCode)];

    /// <summary>Returns the methods of a route. An empty list means all methods.</summary>
    private static IReadOnlyList<string> Methods(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];

    private static bool IsMutating(RouteEndpoint route) =>
        Methods(route) is var methods && (methods.Count == 0 || methods.Except(_reading).Any());

    // Only 501 and 405 refuse all requests. The other statuses depend on the caller, so another caller could succeed.
    private static bool OnlyRefuses(RouteEndpoint route) =>
        Statuses(route) is var statuses
        && (statuses.Contains(501) || statuses.Contains(405))
        && statuses.All(s => s >= 400);
}
