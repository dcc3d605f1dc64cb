using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>Reading runs back: one, a page of them, their number, the statistics of one and of many.</summary>
internal static class ReadRunEndpoints
{
    private const string StatisticsType = "microsoft.graph.industryData.industryDataRunStatistics";

    private static readonly string[] _listOptions =
    [
        QueryOptions.Filter, QueryOptions.OrderBy, QueryOptions.Select, QueryOptions.Expand, QueryOptions.Search, QueryOptions.Top, QueryOptions.Skip, QueryOptions.Count, QueryOptions.SkipToken,
    ];

    public static void MapReadRuns(this IEndpointRouteBuilder routes, RunAddress address)
    {
        var runs = $"/{address.Path}";
        routes.Offer("GET", runs, Permissions.Read, (http, options) => ListAsync(http, address, options), [200, 400, 406], _listOptions).Describes(RunOperations.List);
        routes.Offer("GET", $"{runs}/$count", Permissions.Read, CountAsync, [200, 400, 406], [QueryOptions.Filter, QueryOptions.Search], isText: true).Describes(RunOperations.Count);
        routes.Only("GET", $"{runs}/$count", Permissions.Read);
        foreach (var operation in RunAddress.Spellings("getStatistics", isFunction: true))
        {
            routes.Offer("GET", $"{runs}/{operation}", Permissions.Read, SumStatisticsAsync, [200, 204, 400, 406], [QueryOptions.Filter, QueryOptions.Search]).Describes(RunOperations.SumStatistics);
            routes.Only("GET", $"{runs}/{operation}", Permissions.Read);
        }

        foreach (var run in address.Keyed)
        {
            routes.Offer("GET", run, Permissions.Read, (http, options) => GetAsync(http, address, options), [200, 304, 400, 404, 406], [QueryOptions.Select, QueryOptions.Expand]).Describes(RunOperations.Get);
            foreach (var operation in RunAddress.Spellings("getStatistics", isFunction: true))
            {
                routes.Offer("GET", $"{run}/{operation}", Permissions.Read, GetStatisticsAsync, [200, 400, 404, 406]).Describes(RunOperations.GetStatistics);
            }
        }
    }

    private static async Task ListAsync(HttpContext http, RunAddress address, QueryOptions options)
    {
        if (!RunOptions.Read(http.Tenant(), options, RunSelection.Listed).Succeeded(out var asked, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        var tokens = http.RequestServices.GetRequiredService<PageToken>();
        RunPosition? after = null;
        if (options[QueryOptions.SkipToken] is { } token)
        {
            if ((await tokens.ReadAsync(http.Tenant(), PageToken.List, options.ForThisPage, token, http.RequestAborted)).Place is { } place)
            {
                after = new RunPosition(place);
            }

            if (after?.Fits(asked.Order) != true)
            {
                await QueryOptions.RefuseAsync(http, "invalidSkipToken", $"{QueryOptions.SkipToken} is not one that this service gave for these options; follow @odata.nextLink as it is, or start again without it.");
                return;
            }
        }

        var most = asked.Selection.WithActivities ? RunPage.MaxSizeWithActivities : RunPage.MaxSize;
        var size = options.ReadPageSize(http, most);

        var shown = asked.Selection.Shown;
        var query = new ListRunsQuery(
            http.Tenant(),
            asked.Criteria,
            asked.Order,
            size,
            asked.Skip,
            after,
            shown.HasFlag(RunProperties.Statistics),
            asked.Count,
            asked.Selection.WithActivities,
            shown.HasFlag(RunProperties.BlockingError));
        if (!(await http.Sender().Send(query, http.RequestAborted)).Succeeded(out var page, out error))
        {
            await http.RefuseAsync(error);
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            async json =>
            {
                await RunJson.WriteAsync(
                    json,
                    page,
                    asked.Selection,
                    ServiceUrls.Context(http.Request, address.Path + asked.Selection.Context),
                    (run, activities) => ActivityEndpoints.NextLinkAsync(http, address, run.ToString(), "", activities));
                if (page.Next is { } next)
                {
                    var others = options.ForNextPage;
                    var place = await tokens.WriteAsync(http.Tenant(), PageToken.List, others, next.Keys, http.RequestAborted);
                    json.WriteString("@odata.nextLink", $"{ServiceUrls.Root(http.Request)}{address.Path}?{others}{(others.Length > 0 ? "&" : "")}{QueryOptions.SkipToken}={place}");
                }

                json.WriteEndObject();
            });
    }

    private static async Task CountAsync(HttpContext http, QueryOptions options)
    {
        if (!RunOptions.Read(http.Tenant(), options, RunSelection.Listed).Succeeded(out var asked, out var error)
            || !(await http.Sender().Send(new CountRunsQuery(http.Tenant(), asked.Criteria), http.RequestAborted)).Succeeded(out var count, out error))
        {
            await http.RefuseAsync(error);
            return;
        }

        http.Response.ContentType = "text/plain";
        await http.Response.WriteAsync($"{count.Value}", http.RequestAborted);
    }

    private static async Task SumStatisticsAsync(HttpContext http, QueryOptions options)
    {
        if (!RunOptions.Read(http.Tenant(), options, RunSelection.Listed).Succeeded(out var asked, out var error)
            || !(await http.Sender().Send(new SumRunStatisticsQuery(http.Tenant(), asked.Criteria), http.RequestAborted)).Succeeded(out var sum, out error))
        {
            await http.RefuseAsync(error);
            return;
        }

        // A function whose result is null (OData Protocol §11.5.4.1).
        if (sum.Newest is null)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await http.Response.WriteJsonAsync(StatusCodes.Status200OK, json => RunJson.Write(json, sum, ServiceUrls.Context(http.Request, StatisticsType)));
    }

    private static async Task GetAsync(HttpContext http, RunAddress address, QueryOptions options)
    {
        if (!RunOptions.Read(http.Tenant(), options, RunSelection.Everything).Succeeded(out var asked, out var error)
            || !(await http.Sender().Send(new GetRunQuery(http.Tenant(), http.Key()), http.RequestAborted)).Succeeded(out var run, out error))
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

        // After the run: activities newer than the ETag are only read again, older ones would be kept for good.
        ActivityPage? activities = null;
        if (asked.Selection.WithActivities
            && !(await http.Sender().Send(new ListActivitiesQuery(http.Tenant(), http.Key(), RunPage.MaxSize), http.RequestAborted)).Succeeded(out activities, out error))
        {
            http.Response.Headers.Remove("ETag");
            await http.RefuseAsync(error);
            return;
        }

        var next = activities is null ? null : await ActivityEndpoints.NextLinkAsync(http, address, http.Key(), "", activities);
        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json => RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}{asked.Selection.Context}/$entity"), asked.Selection, activities, next));
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
            json => RunJson.Write(json, statistics, ServiceUrls.Context(http.Request, StatisticsType)));
    }
}
