using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>The endpoints that read runs: a single run, a page, the count, and the statistics of one or many.</summary>
internal static class ReadRunEndpoints
{
    private const string StatisticsType = "microsoft.graph.industryData.industryDataRunStatistics";

    private static readonly string[] _listOptions =
    [
        ODataQueryString.Filter,
        ODataQueryString.OrderBy,
        ODataQueryString.Select,
        ODataQueryString.Expand,
        ODataQueryString.Search,
        ODataQueryString.Top,
        ODataQueryString.Skip,
        ODataQueryString.Count,
        ODataQueryString.SkipToken,
    ];

    public static void MapReadRuns(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        var runs = $"/{address.Path}";
        routes
            .MapODataEndpoint(
                "GET",
                runs,
                Permissions.Read,
                (http, options) => ListAsync(http, address, options),
                [200, 400, 406],
                _listOptions
            )
            .WithOperation(RunOperations.List);
        routes
            .MapODataEndpoint(
                "GET",
                $"{runs}/$count",
                Permissions.Read,
                CountAsync,
                [200, 400, 406],
                [ODataQueryString.Filter, ODataQueryString.Search],
                isText: true
            )
            .WithOperation(RunOperations.Count);
        routes.MapMethodNotAllowed("GET", $"{runs}/$count", Permissions.Read);
        foreach (var operation in RunCollectionPath.OperationPatterns("getStatistics", isFunction: true))
        {
            routes
                .MapODataEndpoint(
                    "GET",
                    $"{runs}/{operation}",
                    Permissions.Read,
                    SumStatisticsAsync,
                    [200, 204, 400, 406],
                    [ODataQueryString.Filter, ODataQueryString.Search]
                )
                .WithOperation(RunOperations.SumStatistics);
            routes.MapMethodNotAllowed("GET", $"{runs}/{operation}", Permissions.Read);
        }

        foreach (var run in address.ItemPatterns)
        {
            routes
                .MapODataEndpoint(
                    "GET",
                    run,
                    Permissions.Read,
                    (http, options) => GetAsync(http, address, options),
                    [200, 304, 400, 404, 406],
                    [ODataQueryString.Select, ODataQueryString.Expand]
                )
                .WithOperation(RunOperations.Get);
            foreach (var operation in RunCollectionPath.OperationPatterns("getStatistics", isFunction: true))
            {
                routes
                    .MapODataEndpoint(
                        "GET",
                        $"{run}/{operation}",
                        Permissions.Read,
                        GetStatisticsAsync,
                        [200, 400, 404, 406]
                    )
                    .WithOperation(RunOperations.GetStatistics);
            }
        }
    }

    private static async Task ListAsync(HttpContext http, RunCollectionPath address, ODataQueryString options)
    {
        if (
            !RunQueryOptions
                .Read(http.Tenant(), options, RunProjection.ListDefault)
                .TryGetValue(out var asked, out var error)
        )
        {
            await http.WriteErrorAsync(error);
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
                await ODataQueryString.WriteErrorAsync(
                    http,
                    "invalidSkipToken",
                    $"{ODataQueryString.SkipToken} is not one that this service gave for these options; "
                        + "follow @odata.nextLink as it is, or start again without it."
                );
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
            shown.HasFlag(RunProperties.BlockingError)
        );
        await using var items = http.Sender()
            .CreateStream(query, http.RequestAborted)
            .GetAsyncEnumerator(http.RequestAborted);
        if (!(await items.ReadHeadAsync()).TryGetValue(out var head, out error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            async json =>
            {
                var last = await RunJson.WriteAsync(
                    json,
                    head.Count,
                    items,
                    asked.Selection,
                    ServiceUrls.Context(http.Request, address.Path + asked.Selection.Context),
                    (run, activities) => ActivityEndpoints.NextLinkAsync(http, address, run.ToString(), "", activities)
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
                        $"{ServiceUrls.Root(http.Request)}{address.Path}"
                            + $"?{others}{(others.Length > 0 ? "&" : "")}{ODataQueryString.SkipToken}={place}"
                    );
                }

                json.WriteEndObject();
            }
        );
    }

    private static async Task CountAsync(HttpContext http, ODataQueryString options)
    {
        if (
            !RunQueryOptions
                .Read(http.Tenant(), options, RunProjection.ListDefault)
                .TryGetValue(out var asked, out var error)
            || !(
                await http.Sender().Send(new CountRunsQuery(http.Tenant(), asked.Criteria), http.RequestAborted)
            ).TryGetValue(out var count, out error)
        )
        {
            await http.WriteErrorAsync(error);
            return;
        }

        http.Response.ContentType = "text/plain";
        await http.Response.WriteAsync($"{count.Value}", http.RequestAborted);
    }

    private static async Task SumStatisticsAsync(HttpContext http, ODataQueryString options)
    {
        if (
            !RunQueryOptions
                .Read(http.Tenant(), options, RunProjection.ListDefault)
                .TryGetValue(out var asked, out var error)
            || !(
                await http.Sender().Send(new SumRunStatisticsQuery(http.Tenant(), asked.Criteria), http.RequestAborted)
            ).TryGetValue(out var sum, out error)
        )
        {
            await http.WriteErrorAsync(error);
            return;
        }

        // The response to a function with a null result is 204 (OData Protocol §11.5.4.1).
        if (sum.NewestRunId is null)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json => RunJson.Write(json, sum, ServiceUrls.Context(http.Request, StatisticsType))
        );
    }

    private static async Task GetAsync(HttpContext http, RunCollectionPath address, ODataQueryString options)
    {
        if (
            !RunQueryOptions.Read(http.Tenant(), options, RunProjection.All).TryGetValue(out var asked, out var error)
            || !(await http.Sender().Send(new GetRunQuery(http.Tenant(), http.Key()), http.RequestAborted)).TryGetValue(
                out var run,
                out error
            )
        )
        {
            await http.WriteErrorAsync(error);
            return;
        }

        http.Response.Headers.ETag = EntityTags.Format(run.Version);
        if (EntityTags.MatchesIfNoneMatch(http, run.Version))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        // The activities are read after the run. Activities that are newer than the ETag are only read again later.
        // Activities that are older than the ETag would remain in the caller's cache permanently.
        ActivityPage? activities = null;
        if (
            asked.Selection.WithActivities
            && !(
                await ActivityEndpoints.ReadPageAsync(
                    http,
                    new ListActivitiesQuery(http.Tenant(), http.Key(), RunPage.MaxSize)
                )
            ).TryGetValue(out activities, out error)
        )
        {
            http.Response.Headers.Remove("ETag");
            await http.WriteErrorAsync(error);
            return;
        }

        var next = activities is null
            ? null
            : await ActivityEndpoints.NextLinkAsync(http, address, http.Key(), "", activities);
        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json =>
                RunJson.Write(
                    json,
                    run,
                    ServiceUrls.Context(http.Request, $"{address.Path}{asked.Selection.Context}/$entity"),
                    asked.Selection,
                    activities,
                    next
                )
        );
    }

    private static async Task GetStatisticsAsync(HttpContext http)
    {
        var query = new GetRunStatisticsQuery(http.Tenant(), http.Key());
        if (!(await http.Sender().Send(query, http.RequestAborted)).TryGetValue(out var statistics, out var error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json => RunJson.Write(json, statistics, ServiceUrls.Context(http.Request, StatisticsType))
        );
    }
}
