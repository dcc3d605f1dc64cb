using System.Globalization;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>The endpoints that add, update and read the activities of a run.</summary>
internal static class ActivityEndpoints
{
    private static readonly string[] _listOptions =
    [
        ODataQueryString.Top,
        ODataQueryString.Count,
        ODataQueryString.SkipToken,
    ];

    public static void MapActivities(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        foreach (var run in address.ItemPatterns)
        {
            var activities = $"{run}/activities";
            routes
                .MapODataEndpoint(
                    "GET",
                    activities,
                    Permissions.Read,
                    (http, options) => ListAsync(http, address, options),
                    [200, 400, 404, 406],
                    _listOptions
                )
                .WithOperation(ActivityOperations.List);
            routes
                .MapODataEndpoint(
                    "POST",
                    activities,
                    Permissions.Write,
                    http => AddAsync(http, address),
                    [201, 204, 400, 404, 409, 412, 413, 415, 422]
                )
                .WithOperation(ActivityOperations.Add);
            routes
                .MapODataEndpoint(
                    "GET",
                    $"{activities}/$count",
                    Permissions.Read,
                    (http, _) => CountAsync(http),
                    [200, 400, 404, 406],
                    [],
                    isText: true
                )
                .WithOperation(ActivityOperations.Count);
            routes.MapMethodNotAllowed("GET", $"{activities}/$count", Permissions.Read);
            routes
                .MapODataEndpoint(
                    "GET",
                    $"{activities}/$ref",
                    Permissions.Read,
                    (http, options) => ListReferencesAsync(http, address, options),
                    [200, 400, 404, 406],
                    _listOptions
                )
                .WithOperation(ActivityOperations.ListReferences);
            routes.MapMethodNotAllowed("GET", $"{activities}/$ref", Permissions.Read);
            foreach (var activity in (string[])[$"{activities}/{{activityId}}", $"{activities}('{{activityId}}')"])
            {
                routes
                    .MapODataEndpoint(
                        "GET",
                        activity,
                        Permissions.Read,
                        http => GetAsync(http, address),
                        [200, 400, 404, 406]
                    )
                    .WithOperation(ActivityOperations.Get);
                routes
                    .MapODataEndpoint(
                        "PATCH",
                        activity,
                        Permissions.Write,
                        http => UpdateAsync(http, address),
                        [200, 204, 400, 404, 409, 412, 413, 415]
                    )
                    .WithOperation(ActivityOperations.Update);
            }
        }
    }

    /// <summary>Creates the URL of the next page of the activities of a run.</summary>
    /// <param name="http">The request.</param>
    /// <param name="address">The path of the runs.</param>
    /// <param name="run">The run's id.</param>
    /// <param name="options">The other query options of the URL.</param>
    /// <param name="page">The current page.</param>
    /// <param name="path">The suffix to append to the path of the activities.</param>
    /// <returns>The URL; null if there is no next page.</returns>
    public static async ValueTask<string?> NextLinkAsync(
        HttpContext http,
        RunCollectionPath address,
        string run,
        string options,
        ActivityPage page,
        string path = ""
    )
    {
        if (page.Next is not { } last)
        {
            return null;
        }

        var token = await http
            .RequestServices.GetRequiredService<PageTokenProtector>()
            .WriteAsync(
                http.Tenant(),
                PageTokenProtector.Activities,
                OptionsOf(run, options),
                [last.Value],
                http.RequestAborted
            );
        return $"{ServiceUrls.Root(http.Request)}{address.Path}/{run}/activities{path}"
            + $"?{options}{(options.Length > 0 ? "&" : "")}{ODataQueryString.SkipToken}={token}";
    }

    private static async Task ListAsync(HttpContext http, RunCollectionPath address, ODataQueryString options)
    {
        if (await ReadPageAsync(http, options) is { } page)
        {
            var next = await NextLinkAsync(http, address, http.Key(), options.ForNextPage, page);
            await http.Response.WriteJsonAsync(
                StatusCodes.Status200OK,
                json => ActivityJson.Write(json, page, Context(http, address), next)
            );
        }
    }

    private static async Task ListReferencesAsync(HttpContext http, RunCollectionPath address, ODataQueryString options)
    {
        if (await ReadPageAsync(http, options) is { } page)
        {
            var next = await NextLinkAsync(http, address, http.Key(), options.ForNextPage, page, "/$ref");
            var context = ServiceUrls.Context(http.Request, "Collection($ref)");
            await http.Response.WriteJsonAsync(
                StatusCodes.Status200OK,
                json => ActivityJson.WriteReferences(json, page, id => Url(http, address, id), context, next),
                mayContainEnums: false
            );
        }
    }

    /// <summary>Reads a page to its end, because the link to the next page stands before the activities.</summary>
    public static async ValueTask<Result<ActivityPage>> ReadPageAsync(HttpContext http, ListActivitiesQuery query)
    {
        await using var items = http.Sender()
            .CreateStream(query, http.RequestAborted)
            .GetAsyncEnumerator(http.RequestAborted);
        if (!(await items.ReadHeadAsync()).TryGetValue(out var head, out var error))
        {
            return error;
        }

        var (activities, hasNext) = (new List<ActivityResponse>(), false);
        while (await items.MoveNextAsync())
        {
            activities.Add(items.Current.Row);
            hasNext = items.Current.HasNext;
        }

        return new ActivityPage(activities, hasNext ? ActivityId.FromGuid(activities[^1].Id) : null, head.Count);
    }

    /// <summary>Reads the page that the query options request.</summary>
    /// <returns>The page; null if an error response has been written.</returns>
    private static async Task<ActivityPage?> ReadPageAsync(HttpContext http, ODataQueryString options)
    {
        ActivityId? after = null;
        if (options[ODataQueryString.SkipToken] is { } token)
        {
            var opened = await http
                .RequestServices.GetRequiredService<PageTokenProtector>()
                .ReadAsync(
                    http.Tenant(),
                    PageTokenProtector.Activities,
                    OptionsOf(http.Key(), options.ForThisPage),
                    token,
                    http.RequestAborted
                );
            if (opened.Place is not [Guid last])
            {
                await ODataQueryString.WriteErrorAsync(
                    http,
                    "invalidSkipToken",
                    $"{ODataQueryString.SkipToken} is not one that this service gave for these options; "
                        + "follow @odata.nextLink as it is, or start again without it."
                );
                return null;
            }

            after = ActivityId.FromGuid(last);
        }

        var size = options.ReadPageSize(http);

        var query = new ListActivitiesQuery(
            http.Tenant(),
            http.Key(),
            size,
            after,
            "true".Equals(options[ODataQueryString.Count], StringComparison.OrdinalIgnoreCase)
        );
        if ((await ReadPageAsync(http, query)).TryGetValue(out var page, out var error))
        {
            return page;
        }

        await http.WriteErrorAsync(error);
        return null;
    }

    // A token is valid only for the activities of one run. Keys are case-insensitive.
    private static string OptionsOf(string run, string options) => $"{run.ToLowerInvariant()}?{options}";

    private static async Task CountAsync(HttpContext http)
    {
        var query = new CountActivitiesQuery(http.Tenant(), http.Key());
        if (!(await http.Sender().Send(query, http.RequestAborted)).TryGetValue(out var count, out var error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        http.Response.ContentType = "text/plain";
        await http.Response.WriteAsync(count.ToString(CultureInfo.InvariantCulture), http.RequestAborted);
    }

    private static async Task GetAsync(HttpContext http, RunCollectionPath address)
    {
        var query = new GetActivityQuery(http.Tenant(), http.Key(), http.ActivityKey());
        if (!(await http.Sender().Send(query, http.RequestAborted)).TryGetValue(out var activity, out var error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json => ActivityJson.Write(json, activity, $"{Context(http, address)}/$entity")
        );
    }

    private static async Task AddAsync(HttpContext http, RunCollectionPath address)
    {
        using var body = await JsonRequestBody.ReadAsync(http);
        if (body is null)
        {
            return;
        }

        var (goesOn, key) = await IdempotencyHeaders.TryReadAsync(http, body.Bytes, withRepresentation: true);
        if (!goesOn)
        {
            return;
        }

        var command = new AddActivityCommand(
            http.Tenant(),
            http.Key(),
            ActivityJsonReader.Read(body.Root, "", body.Faults),
            key
        );
        var result = body.FindErrors(http, command) ?? await http.Sender().Send(command, http.RequestAborted);
        if (!result.TryGetValue(out var activity, out var error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        if (key is not null)
        {
            IdempotencyHeaders.MarkAccepted(http);
        }

        var url = Url(http, address, activity.Id);
        http.Response.Headers.Location = url;
        if (Preferences.ApplyReturnPreference(http) == false)
        {
            http.Response.Headers["OData-EntityId"] = url;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status201Created,
            json => ActivityJson.Write(json, activity, $"{Context(http, address)}/$entity")
        );
    }

    private static async Task UpdateAsync(HttpContext http, RunCollectionPath address)
    {
        using var body = await JsonRequestBody.ReadAsync(http);
        if (body is null || await EntityTags.ReadIfMatchAsync(http) is not { } condition)
        {
            return;
        }

        var command = new UpdateActivityCommand(
            http.Tenant(),
            http.Key(),
            http.ActivityKey(),
            ActivityJsonReader.ReadPatch(body.Root, body.Faults),
            condition
        );
        var result = body.FindErrors(http, command) ?? await http.Sender().Send(command, http.RequestAborted);
        if (!result.TryGetValue(out var activity, out var error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        if (Preferences.ApplyReturnPreference(http) == false)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json => ActivityJson.Write(json, activity, $"{Context(http, address)}/$entity")
        );
    }

    // Context URLs contain keys in parentheses (OData Protocol §10.3).
    private static string Context(HttpContext http, RunCollectionPath address) =>
        ServiceUrls.Context(http.Request, $"{address.Path}('{http.Key()}')/activities");

    private static string Url(HttpContext http, RunCollectionPath address, Guid activityId) =>
        $"{ServiceUrls.Root(http.Request)}{address.Path}/{http.Key()}/activities/{activityId}";

    private static string ActivityKey(this HttpContext http) => (string)http.Request.RouteValues["activityId"]!;
}
