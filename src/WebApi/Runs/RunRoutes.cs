using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// Maps operations on one run or one activity. Their handlers get the ids from the path. A path segment that is not an
/// id becomes the nil id. It is therefore treated exactly like an id that does not exist.
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
            (http, options) => handler(http, RunId.TryParse(Segment(http, "id")) ?? RunId.Nil, options)
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
            (http, run, _) => handler(http, run, ActivityId.TryParse(Segment(http, "activityId")) ?? ActivityId.Nil)
        );

    private static string Segment(HttpContext http, string name) => (string)http.Request.RouteValues[name]!;
}
