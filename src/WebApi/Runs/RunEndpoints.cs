using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;
using Mediator;
using Microsoft.OData.Edm;

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
            routes.MapActivities(address);
            routes.MapRunChanges(address);
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
        routes.NotOffered("GET", $"{runs}/$ref", Permissions.Read);
        routes.Only("POST", $"{runs}/$ref", Permissions.Read);
        foreach (var path in (string[])["$entity", "$all", RunModel.Run.FullTypeName()])
        {
            routes.NotOffered("GET", $"{runs}/{path}", Permissions.Read);
        }

        routes.NotOffered("POST", $"{runs}/$query", Permissions.Read);
        foreach (var run in address.Keyed)
        {
            routes.NotOffered("GET", $"{run}/$ref", Permissions.Read);
            foreach (var property in RunModel.Run.StructuralProperties().Select(p => p.Name))
            {
                routes.NotOffered("GET", $"{run}/{property}", Permissions.Read);
                routes.NotOffered("GET", $"{run}/{property}/$value", Permissions.Read);
            }

            foreach (var activity in (string[])[$"{run}/activities/{{activityId}}", $"{run}/activities('{{activityId}}')"])
            {
                routes.NotOffered("GET", $"{activity}/activity", Permissions.Read);
            }
        }

        foreach (var delta in RunAddress.Spellings("delta", isFunction: false))
        {
            routes.NotOffered("GET", $"{runs}/{delta}({{parameters}})", Permissions.Read);
        }
    }
}
