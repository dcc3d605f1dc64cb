using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;
using Mediator;

namespace IndustryData.WebApi.Runs;

/// <summary>The routes of runs, the same at each of their addresses.</summary>
internal static class RunEndpoints
{
    public static void MapRuns(this IEndpointRouteBuilder routes)
    {
        foreach (var address in RunAddress.All)
        {
            routes.MapAddRun(address);
            routes.MapReadRuns(address);
            routes.MapChangeRun(address);
            routes.MapNotOffered(address);
        }
    }

    /// <summary>The way to the use cases.</summary>
    public static ISender Sender(this HttpContext http) => http.RequestServices.GetRequiredService<ISender>();

    /// <summary>The key in the path, as written.</summary>
    public static string Key(this HttpContext http) => (string)http.Request.RouteValues["id"]!;

    private static void MapNotOffered(this IEndpointRouteBuilder routes, RunAddress address)
    {
        var runs = $"/{address.Path}";
        routes.NotOffered("GET", $"{runs}/$ref", Permissions.Read, allow: "POST");
        foreach (var function in RunAddress.Spellings("delta", isFunction: true))
        {
            routes.NotOffered("GET", $"{runs}/{function}", Permissions.Read);
        }

        foreach (var run in address.Keyed)
        {
            routes.NotOffered("GET", $"{run}/activities/{{**rest}}", Permissions.Read);
        }
    }
}
