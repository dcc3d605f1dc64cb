using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// Maps operations on one run or one activity. Their handlers get the ids from the path. A segment of the path that is
/// not an id is answered like the id of a run that does not exist.
/// </summary>
internal static class RunRoutes
{
    /// <summary>Maps an operation on one run without query options.</summary>
    public static void MapRunOperation(
        this IEndpointRouteBuilder routes,
        OperationDescription operation,
        string path,
        Func<HttpContext, RunId, Task> handler
    ) => routes.MapRunOperation(operation, path, (http, id, _) => handler(http, id));

    /// <summary>Maps an operation on one run.</summary>
    public static void MapRunOperation(
        this IEndpointRouteBuilder routes,
        OperationDescription operation,
        string path,
        Func<HttpContext, RunId, ODataQueryString, Task> handler
    ) =>
        routes.MapOperation(
            operation,
            path,
            (http, options) =>
                Segment(http, "id") is var text && RunId.TryParse(text) is { } id
                    ? handler(http, id, options)
                    : http.WriteErrorAsync(RunErrors.NotFound(text))
        );

    /// <summary>Maps an operation on one activity.</summary>
    public static void MapActivityOperation(
        this IEndpointRouteBuilder routes,
        OperationDescription operation,
        string path,
        Func<HttpContext, RunId, ActivityId, Task> handler
    ) =>
        routes.MapRunOperation(
            operation,
            path,
            (http, run, _) =>
                Segment(http, "activityId") is var text && ActivityId.TryParse(text) is { } id
                    ? handler(http, run, id)
                    : http.WriteErrorAsync(RunErrors.ActivityNotFound(text))
        );

    private static string Segment(HttpContext http, string name) => (string)http.Request.RouteValues[name]!;
}
