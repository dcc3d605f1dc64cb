using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// The endpoint for the changes of runs: <c>delta</c>, as in Microsoft Graph (api-guidelines, change-tracking).
/// </summary>
internal static class RunDeltaEndpoints
{
    private const string Latest = "latest";

    public static void MapRunDelta(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        foreach (var name in RunCollectionPath.OperationPatterns("delta", isFunction: true))
        {
            var path = $"/{address.Path}/{name}";
            routes.MapOperation(RunOperations.GetDelta, path, (http, options) => ReadAsync(http, address, options));
            routes.MapMethodNotAllowed("GET", path, Permissions.Read);
        }
    }

    private static async Task ReadAsync(HttpContext http, RunCollectionPath address, ODataQueryString options)
    {
        if (await RunQueryOptions.ReadAsync(http, options, RunProjection.ListDefault) is not { } asked)
        {
            return;
        }

        // Removed runs are control information too, which odata.metadata=none omits (OData JSON Format §3.1.3).
        if (ODataFormat.GetCurrent(http).Level == MetadataLevel.None)
        {
            await http.WriteNotAcceptableAsync(
                "Delta queries do not support odata.metadata=none; request minimal or full, or omit the format."
            );
            return;
        }

        if (options.PageSize == 0)
        {
            await http.WriteBadRequestAsync(
                "invalidQueryOption",
                $"{ODataQueryString.Top} must be 1 or more in a delta query; send a larger number."
            );
            return;
        }

        var url = $"{ServiceRoot.Of(http.Request)}{address.Path}/delta";
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
                SetRestartLocation(http, url, others);
                await http.WriteErrorAsync(RunErrors.DeltaTokenOutdated());
                return;
            }

            if (from is null)
            {
                await http.WriteBadRequestAsync(
                    "invalidDeltaToken",
                    "The token is not valid for these query options; "
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
            shown.Contains(RunPropertyTable.Statistics),
            shown.Contains(RunPropertyTable.BlockingError)
        );
        await http.DispatchAsync(
            query,
            async (start, items) =>
            {
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
                var link = ODataQueryString.WithToken(
                    url,
                    others,
                    next.Scan is null ? ODataQueryString.DeltaToken : ODataQueryString.SkipToken,
                    place
                );
                await http.Response.WriteJsonAsync(json =>
                    RunJson.Write(
                        json,
                        changes,
                        next,
                        asked.Selection,
                        ServiceUrls.Context(http.Request, $"{address.Path}{asked.Selection.Context}/$delta"),
                        link
                    )
                );
            },
            error =>
            {
                if (error.Kind == ErrorKind.Expired)
                {
                    SetRestartLocation(http, url, others);
                }
            }
        );
    }

    // The URL at which the caller can read all runs again (api-guidelines, change-tracking).
    private static void SetRestartLocation(HttpContext http, string url, string options) =>
        http.Response.Headers.Location = options.Length > 0 ? $"{url}?{options}" : url;

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
