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

        if (EventStreamFormat.IsWanted(http.Request))
        {
            await RunChangeStream.RespondAsync(http, address, options, asked);
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
        var fromNow = options[ODataQueryString.DeltaToken] == DeltaTokens.Latest;
        DeltaCursor? from = null;
        if (token is not null && !fromNow)
        {
            var isOne = options[ODataQueryString.DeltaToken] is null || options[ODataQueryString.SkipToken] is null;
            from = await DeltaTokens.ReadAsync(http, url, others, isOne ? token : "");
            if (from is null)
            {
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
                var place = await DeltaTokens.WriteAsync(tokens, http.Tenant(), others, next, http.RequestAborted);
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
                    DeltaTokens.SetRestartLocation(http, url, others);
                }
            }
        );
    }
}
