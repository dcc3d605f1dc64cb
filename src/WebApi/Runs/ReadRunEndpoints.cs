using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>The endpoints that read runs: a single run, a page, the count, and the statistics of one or many.</summary>
internal static class ReadRunEndpoints
{
    private const string StatisticsType = "microsoft.graph.industryData.industryDataRunStatistics";

    public static void MapReadRuns(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        var runs = $"/{address.Path}";
        routes.MapOperation(RunOperations.List, runs, (http, options) => ListAsync(http, address, options));
        routes.MapOperation(RunOperations.Count, $"{runs}/$count", CountAsync);
        routes.MapMethodNotAllowed("GET", $"{runs}/$count", Permissions.Read);
        foreach (var operation in RunCollectionPath.OperationPatterns("getStatistics", isFunction: true))
        {
            routes.MapOperation(RunOperations.SumStatistics, $"{runs}/{operation}", SumStatisticsAsync);
            routes.MapMethodNotAllowed("GET", $"{runs}/{operation}", Permissions.Read);
        }

        foreach (var run in address.ItemPatterns)
        {
            routes.MapRunOperation(RunOperations.Get, run, (http, id, options) => GetAsync(http, address, id, options));
            foreach (var operation in RunCollectionPath.OperationPatterns("getStatistics", isFunction: true))
            {
                routes.MapRunOperation(RunOperations.GetStatistics, $"{run}/{operation}", GetStatisticsAsync);
            }
        }
    }

    private static async Task ListAsync(HttpContext http, RunCollectionPath address, ODataQueryString options)
    {
        if (await RunQueryOptions.ReadAsync(http, options, RunProjection.ListDefault) is not { } asked)
        {
            return;
        }

        var tokens = http.RequestServices.GetRequiredService<PageTokenProtector>();
        KeysetCursor? after = null;
        if (options[ODataQueryString.SkipToken] is { } token)
        {
            var opened = await tokens.ReadAsync(
                http.Tenant(),
                PageTokenProtector.List,
                options.ForThisPage,
                token,
                http.RequestAborted
            );
            if (opened.Place is { } place)
            {
                after = new KeysetCursor(place);
            }

            if (after?.Matches(asked.Order) != true)
            {
                await ODataQueryString.WriteInvalidSkipTokenAsync(http);
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
            shown.Contains(RunPropertyTable.Statistics),
            asked.Count,
            asked.Selection.WithActivities,
            shown.Contains(RunPropertyTable.BlockingError)
        );
        await http.DispatchAsync(
            query,
            (head, items) =>
                http.Response.WriteJsonAsync(async json =>
                {
                    var last = await RunJson.WriteAsync(
                        json,
                        head.Count,
                        items,
                        asked.Selection,
                        ServiceUrls.Context(http.Request, address.Path + asked.Selection.Context),
                        (run, page) => ActivityEndpoints.NextLinkAsync(http, address, RunId.FromGuid(run), "", page)
                    );

                    // The query ends before the response is sent, because its caller may be slow.
                    await items.DisposeAsync();
                    if (last is { } run)
                    {
                        var others = options.ForNextPage;
                        var place = await tokens.WriteAsync(
                            http.Tenant(),
                            PageTokenProtector.List,
                            others,
                            KeysetCursor.FromRun(run, asked.Order).Keys,
                            http.RequestAborted
                        );
                        json.WriteString(
                            "@odata.nextLink",
                            ODataQueryString.WithToken(
                                $"{ServiceRoot.Of(http.Request)}{address.Path}",
                                others,
                                ODataQueryString.SkipToken,
                                place
                            )
                        );
                    }

                    json.WriteEndObject();
                })
        );
    }

    private static async Task CountAsync(HttpContext http, ODataQueryString options)
    {
        if (await RunQueryOptions.ReadAsync(http, options, RunProjection.ListDefault) is { } asked)
        {
            await http.DispatchAsync(
                new CountRunsQuery(http.Tenant(), asked.Criteria),
                count => http.Response.WriteTextAsync($"{count.Value}")
            );
        }
    }

    private static async Task SumStatisticsAsync(HttpContext http, ODataQueryString options)
    {
        if (await RunQueryOptions.ReadAsync(http, options, RunProjection.ListDefault) is { } asked)
        {
            // The response to a function with a null result is 204 (OData Protocol §11.5.4.1).
            await http.DispatchAsync(
                new SumRunStatisticsQuery(http.Tenant(), asked.Criteria),
                sum =>
                    sum.NewestRunId is null
                        ? http.Response.WriteNoContentAsync()
                        : http.Response.WriteJsonAsync(json =>
                            RunJson.Write(json, sum, ServiceUrls.Context(http.Request, StatisticsType))
                        )
            );
        }
    }

    private static async Task GetAsync(HttpContext http, RunCollectionPath address, RunId id, ODataQueryString options)
    {
        if (await RunQueryOptions.ReadAsync(http, options, RunProjection.All) is { } asked)
        {
            await http.DispatchAsync(
                new GetRunQuery(http.Tenant(), id),
                run => RespondAsync(http, address, run, asked.Selection)
            );
        }
    }

    private static Task RespondAsync(HttpContext http, RunCollectionPath address, RunResponse run, RunProjection shown)
    {
        if (EntityTags.MatchesIfNoneMatch(http, run.Version))
        {
            http.Response.Headers.ETag = EntityTags.Format(run.Version);
            return http.Response.WriteNotModifiedAsync();
        }

        if (!shown.WithActivities)
        {
            return WriteAsync(null, null);
        }

        // The activities are read after the run. Activities that are newer than the ETag are only read again later.
        // Activities that are older than the ETag would remain in the caller's cache permanently.
        var id = RunId.FromGuid(run.Id);
        return ActivityEndpoints.DispatchAsync(
            http,
            new ListActivitiesQuery(http.Tenant(), id, RunPage.MaxSize),
            async page => await WriteAsync(page, await ActivityEndpoints.NextLinkAsync(http, address, id, "", page))
        );

        Task WriteAsync(ActivityPage? activities, string? next)
        {
            http.Response.Headers.ETag = EntityTags.Format(run.Version);
            return http.Response.WriteJsonAsync(json =>
                RunJson.Write(
                    json,
                    run,
                    ServiceUrls.Context(http.Request, $"{address.Path}{shown.Context}/$entity"),
                    shown,
                    activities,
                    next
                )
            );
        }
    }

    private static Task GetStatisticsAsync(HttpContext http, RunId id) =>
        http.DispatchAsync(
            new GetRunStatisticsQuery(http.Tenant(), id),
            statistics =>
                http.Response.WriteJsonAsync(json =>
                    RunJson.Write(json, statistics, ServiceUrls.Context(http.Request, StatisticsType))
                )
        );
}
