using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>Reading runs back: one, a page of them, the statistics of one.</summary>
internal static class ReadRunEndpoints
{
    public static void MapReadRuns(this IEndpointRouteBuilder routes, RunAddress address)
    {
        routes.Offer("GET", $"/{address.Path}", Permissions.Read, (http, options) => ListAsync(http, address, options), [200, 400, 406], [QueryOptions.Top, QueryOptions.SkipToken]);
        foreach (var run in address.Keyed)
        {
            routes.Offer("GET", run, Permissions.Read, http => GetAsync(http, address), [200, 304, 400, 404, 406]);
            foreach (var operation in RunAddress.Spellings("getStatistics", isFunction: true))
            {
                routes.Offer("GET", $"{run}/{operation}", Permissions.Read, GetStatisticsAsync, [200, 400, 404, 406]);
            }
        }
    }

    private static async Task ListAsync(HttpContext http, RunAddress address, QueryOptions options)
    {
        var tokens = http.RequestServices.GetRequiredService<PageToken>();
        RunPosition? after = null;
        if (options[QueryOptions.SkipToken] is { } token)
        {
            after = await tokens.ReadAsync(http.Tenant(), token, http.RequestAborted);
            if (after is null)
            {
                await QueryOptions.RefuseAsync(http, "invalidSkipToken", $"{QueryOptions.SkipToken} is not one that this service gave; follow @odata.nextLink as it is, or start again without it.");
                return;
            }
        }

        if (!(await http.Sender().Send(new ListRunsQuery(http.Tenant(), options.PageSize, after), http.RequestAborted)).Succeeded(out var page, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        string? nextLink = null;
        if (page.Next is { } next)
        {
            var top = options[QueryOptions.Top] is { } asked ? $"{QueryOptions.Top}={asked}&" : "";
            nextLink = $"{ServiceUrls.Root(http.Request)}{address.Path}?{top}{QueryOptions.SkipToken}={await tokens.WriteAsync(http.Tenant(), next, http.RequestAborted)}";
        }

        await http.Response.WriteJsonAsync(StatusCodes.Status200OK, json => RunJson.Write(json, page, ServiceUrls.Context(http.Request, address.Path), nextLink));
    }

    private static async Task GetAsync(HttpContext http, RunAddress address)
    {
        if (!(await http.Sender().Send(new GetRunQuery(http.Tenant(), http.Key()), http.RequestAborted)).Succeeded(out var run, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        http.Response.Headers.ETag = EntityTags.Of(run.Version);
        if (EntityTags.IsKnown(http, run.Version))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await http.Response.WriteJsonAsync(StatusCodes.Status200OK, json => RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}/$entity")));
    }

    private static async Task GetStatisticsAsync(HttpContext http)
    {
        if (!(await http.Sender().Send(new GetRunStatisticsQuery(http.Tenant(), http.Key()), http.RequestAborted)).Succeeded(out var statistics, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json => RunJson.Write(json, statistics, ServiceUrls.Context(http.Request, "microsoft.graph.industryData.industryDataRunStatistics")));
    }
}
