using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// The endpoint for the changes of runs: <c>delta</c>, as in Microsoft Graph (api-guidelines, change-tracking).
/// </summary>
internal static class RunDeltaEndpoints
{
    private const string Latest = "latest";

    private static readonly string[] _options =
    [
        ODataQueryString.Filter,
        ODataQueryString.Search,
        ODataQueryString.Select,
        ODataQueryString.Top,
        ODataQueryString.SkipToken,
        ODataQueryString.DeltaToken,
    ];

    public static void MapRunDelta(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        foreach (var name in RunCollectionPath.OperationPatterns("delta", isFunction: true))
        {
            var path = $"/{address.Path}/{name}";
            routes
                .MapODataEndpoint(
                    "GET",
                    path,
                    Permissions.Read,
                    (http, options) => ReadAsync(http, address, options),
                    [200, 400, 406, 410],
                    _options
                )
                .WithOperation(RunOperations.GetDelta);
            routes.MapMethodNotAllowed("GET", path, Permissions.Read);
        }
    }

    private static async Task ReadAsync(HttpContext http, RunCollectionPath address, ODataQueryString options)
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

        // Removed runs are control information too, which odata.metadata=none omits (OData JSON Format §3.1.3).
        if (ODataFormat.GetCurrent(http).Level == MetadataLevel.None)
        {
            await http.WriteErrorAsync(
                StatusCodes.Status406NotAcceptable,
                "notAcceptable",
                "Changes cannot be followed with odata.metadata=none; "
                    + "ask for minimal or full, or for nothing at all."
            );
            return;
        }

        if (options.PageSize == 0)
        {
            await ODataQueryString.WriteErrorAsync(
                http,
                "invalidQueryOption",
                $"{ODataQueryString.Top} must be 1 or more here, or no page would bring the reader any further."
            );
            return;
        }

        var url = $"{ServiceUrls.Root(http.Request)}{address.Path}/delta";
        var others = options.ForNextPage;
        var tokens = http.RequestServices.GetRequiredService<PageTokenProtector>();
        var token = options[ODataQueryString.DeltaToken] ?? options[ODataQueryString.SkipToken];
        var fromNow = options[ODataQueryString.DeltaToken] == Latest;
        DeltaCursor? from = null;
        if (token is not null && !fromNow)
        {
            var opened =
                options[ODataQueryString.DeltaToken] is null || options[ODataQueryString.SkipToken] is null
                    ? await tokens.ReadAsync(
                        http.Tenant(),
                        PageTokenProtector.Delta,
                        others,
                        token,
                        http.RequestAborted
                    )
                    : OpenedToken.Invalid;
            from = Place(opened.Place);
            if (opened.IsOutdated || (from is null && opened.Place is not null))
            {
                await GoneAsync(http, RunErrors.DeltaTokenOutdated(), url, others);
                return;
            }

            if (from is null)
            {
                await ODataQueryString.WriteErrorAsync(
                    http,
                    "invalidDeltaToken",
                    "The token is not one that this service gave for these options; "
                        + $"follow @odata.nextLink and @odata.deltaLink as they are, or start again at {url}."
                );
                return;
            }
        }

        var size = options.ReadPageSize(http);

        var shown = asked.Selection.Shown;
        var query = new GetRunDeltaQuery(
            http.Tenant(),
            asked.Criteria,
            size,
            from,
            fromNow,
            shown.HasFlag(RunProperties.Statistics),
            shown.HasFlag(RunProperties.BlockingError)
        );
        await using var items = http.Sender()
            .CreateStream(query, http.RequestAborted)
            .GetAsyncEnumerator(http.RequestAborted);
        if (!(await items.ReadHeadAsync()).TryGetValue(out var start, out error))
        {
            await (error.Kind == ErrorKind.Expired ? GoneAsync(http, error, url, others) : http.WriteErrorAsync(error));
            return;
        }

        // The page is read to its end, because the link to the next page stands before the changes.
        var (changes, hasNext) = (new List<RunChange>(), false);
        while (await items.MoveNextAsync())
        {
            changes.Add(items.Current.Row);
            hasNext = items.Current.HasNext;
        }

        var next = hasNext ? start.After(changes[^1]) : start.AfterScan();
        var place = await tokens.WriteAsync(
            http.Tenant(),
            PageTokenProtector.Delta,
            others,
            Keys(next),
            http.RequestAborted
        );
        var link =
            $"{url}?{others}{(others.Length > 0 ? "&" : "")}"
            + $"{(next.Scan is null ? ODataQueryString.DeltaToken : ODataQueryString.SkipToken)}={place}";
        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json =>
                RunJson.Write(
                    json,
                    changes,
                    next,
                    asked.Selection,
                    ServiceUrls.Context(http.Request, $"{address.Path}{asked.Selection.Context}/$delta"),
                    link
                )
        );
    }

    // Location is the URL at which the caller can read all runs again (api-guidelines, change-tracking).
    private static Task GoneAsync(HttpContext http, Error error, string url, string options)
    {
        http.Response.Headers.Location = options.Length > 0 ? $"{url}?{options}" : url;
        return http.WriteErrorAsync(error);
    }

    private static object?[] Keys(DeltaCursor place) =>
        place.Scan is { } walk
            ?
            [
                place.Epoch,
                place.Since,
                place.From,
                place.LowWatermark,
                walk.ChangeNumber,
                walk.Id,
                walk.UpperBound,
                (short)(walk.IsInitialSync ? 1 : 0),
            ]
            : [place.Epoch, place.Since, place.From, place.LowWatermark];

    private static DeltaCursor? Place(IReadOnlyList<object?>? keys) =>
        keys switch
        {
            [Guid epoch, DateTimeOffset since, long from, long settled] => new DeltaCursor(
                epoch,
                since,
                from,
                settled,
                Scan: null
            ),
            [
                Guid epoch,
                DateTimeOffset since,
                long from,
                long settled,
                long number,
                Guid id,
                long until,
                short isFirst,
            ] => new DeltaCursor(epoch, since, from, settled, new DeltaScan(number, id, until, isFirst == 1)),
            _ => null,
        };
}
