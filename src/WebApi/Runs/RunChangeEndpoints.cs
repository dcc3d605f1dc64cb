using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>Following the changes of runs: <c>delta</c>, as Graph does it (api-guidelines, change-tracking).</summary>
internal static class RunChangeEndpoints
{
    private const string Latest = "latest";

    private static readonly string[] _options =
        [QueryOptions.Filter, QueryOptions.Search, QueryOptions.Select, QueryOptions.Top, QueryOptions.SkipToken, QueryOptions.DeltaToken];

    public static void MapRunChanges(this IEndpointRouteBuilder routes, RunAddress address)
    {
        foreach (var name in RunAddress.Spellings("delta", isFunction: true))
        {
            var path = $"/{address.Path}/{name}";
            routes.Offer("GET", path, Permissions.Read, (http, options) => ReadAsync(http, address, options), [200, 400, 406, 410], _options).Describes(RunOperations.FollowChanges);
            routes.Only("GET", path, Permissions.Read);
        }
    }

    private static async Task ReadAsync(HttpContext http, RunAddress address, QueryOptions options)
    {
        if (!RunOptions.Read(http.Tenant(), options, RunSelection.Listed).Succeeded(out var asked, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        // What was removed is control information too (OData JSON Format §3.1.3).
        if (ODataFormat.Of(http).Level == MetadataLevel.None)
        {
            await http.RefuseAsync(StatusCodes.Status406NotAcceptable, "notAcceptable", "Changes cannot be followed with odata.metadata=none; ask for minimal or full, or for nothing at all.");
            return;
        }

        if (options.PageSize == 0)
        {
            await QueryOptions.RefuseAsync(http, "invalidQueryOption", $"{QueryOptions.Top} must be 1 or more here, or no page would bring the reader any further.");
            return;
        }

        var url = $"{ServiceUrls.Root(http.Request)}{address.Path}/delta";
        var others = options.ForNextPage;
        var tokens = http.RequestServices.GetRequiredService<PageToken>();
        var token = options[QueryOptions.DeltaToken] ?? options[QueryOptions.SkipToken];
        var fromNow = options[QueryOptions.DeltaToken] == Latest;
        ChangePlace? from = null;
        if (token is not null && !fromNow)
        {
            var opened = options[QueryOptions.DeltaToken] is null || options[QueryOptions.SkipToken] is null
                ? await tokens.ReadAsync(http.Tenant(), PageToken.Delta, others, token, http.RequestAborted)
                : OpenedToken.Invalid;
            from = Place(opened.Place);
            if (opened.IsOutdated || (from is null && opened.Place is not null))
            {
                await GoneAsync(http, RunErrors.DeltaTokenOutdated(), url, others);
                return;
            }

            if (from is null)
            {
                await QueryOptions.RefuseAsync(http, "invalidDeltaToken", $"The token is not one that this service gave for these options; follow @odata.nextLink and @odata.deltaLink as they are, or begin anew at {url}.");
                return;
            }
        }

        var size = options.ReadPageSize(http);

        var shown = asked.Selection.Shown;
        var query = new ReadRunChangesQuery(
            http.Tenant(), asked.Criteria, size, from, fromNow, shown.HasFlag(RunProperties.Statistics), shown.HasFlag(RunProperties.BlockingError));
        if (!(await http.Sender().Send(query, http.RequestAborted)).Succeeded(out var page, out error))
        {
            await (error.Kind == ErrorKind.Gone ? GoneAsync(http, error, url, others) : http.RefuseAsync(error));
            return;
        }

        var place = await tokens.WriteAsync(http.Tenant(), PageToken.Delta, others, Keys(page.Next), http.RequestAborted);
        var link = $"{url}?{others}{(others.Length > 0 ? "&" : "")}{(page.Next.Walk is null ? QueryOptions.DeltaToken : QueryOptions.SkipToken)}={place}";
        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json => RunJson.Write(json, page, asked.Selection, ServiceUrls.Context(http.Request, $"{address.Path}{asked.Selection.Context}/$delta"), link));
    }

    // Location is where all runs can be read again (api-guidelines, change-tracking).
    private static Task GoneAsync(HttpContext http, Error error, string url, string options)
    {
        http.Response.Headers.Location = options.Length > 0 ? $"{url}?{options}" : url;
        return http.RefuseAsync(error);
    }

    private static object?[] Keys(ChangePlace place) => place.Walk is { } walk
        ? [place.Incarnation, place.Since, place.From, place.Settled, walk.Number, walk.Id, walk.Until, (short)(walk.IsFirst ? 1 : 0)]
        : [place.Incarnation, place.Since, place.From, place.Settled];

    private static ChangePlace? Place(IReadOnlyList<object?>? keys) => keys switch
    {
        [Guid incarnation, DateTimeOffset since, long from, long settled] => new ChangePlace(incarnation, since, from, settled, Walk: null),
        [Guid incarnation, DateTimeOffset since, long from, long settled, long number, Guid id, long until, short isFirst] =>
            new ChangePlace(incarnation, since, from, settled, new ChangeWalk(number, id, until, isFirst == 1)),
        _ => null,
    };
}
