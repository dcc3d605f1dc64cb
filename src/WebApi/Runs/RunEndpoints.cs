using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;
using Microsoft.OData.Edm;

namespace IndustryData.WebApi.Runs;

/// <summary>The endpoints of runs. They are the same for all paths of the collection.</summary>
internal static class RunEndpoints
{
    public static void MapRuns(this IEndpointRouteBuilder routes)
    {
        foreach (var address in RunCollectionPath.All)
        {
            routes.MapAddRun(address);
            routes.MapReadRuns(address);
            routes.MapUpdateRun(address);
            routes.MapActivities(address);
            routes.MapRunDelta(address);
            routes.MapNotOffered(address);
        }
    }

    private static void MapNotOffered(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        var runs = $"/{address.Path}";
        routes.MapNotImplemented("GET", $"{runs}/$ref", Permissions.Read);
        routes.MapMethodNotAllowed("POST", $"{runs}/$ref", Permissions.Read);
        foreach (var path in (string[])["$entity", "$all", RunEdmModel.Run.FullTypeName()])
        {
            routes.MapNotImplemented("GET", $"{runs}/{path}", Permissions.Read);
        }

        routes.MapNotImplemented("POST", $"{runs}/$query", Permissions.Read);
        foreach (var run in address.ItemPatterns)
        {
            routes.MapNotImplemented("GET", $"{run}/$ref", Permissions.Read);
            foreach (var property in RunEdmModel.Run.StructuralProperties().Select(p => p.Name))
            {
                routes.MapNotImplemented("GET", $"{run}/{property}", Permissions.Read);
                routes.MapNotImplemented("GET", $"{run}/{property}/$value", Permissions.Read);
            }

            string[] activities = [$"{run}/activities/{{activityId}}", $"{run}/activities('{{activityId}}')"];
            foreach (var activity in activities)
            {
                routes.MapNotImplemented("GET", $"{activity}/activity", Permissions.Read);
            }
        }

        foreach (var delta in RunCollectionPath.OperationPatterns("delta", isFunction: false))
        {
            routes.MapNotImplemented("GET", $"{runs}/{delta}({{parameters}})", Permissions.Read);
        }
    }
}
