using System.Globalization;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>The endpoints that add, update and read the activities of a run.</summary>
internal static class ActivityEndpoints
{
    public static void MapActivities(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        foreach (var run in address.ItemPatterns)
        {
            var activities = $"{run}/activities";
            routes.MapRunOperation(
                ActivityOperations.List,
                activities,
                (http, id, options) => ListAsync(http, address, id, options)
            );
            routes.MapRunOperation(ActivityOperations.Add, activities, (http, id) => AddAsync(http, address, id));
            routes.MapRunOperation(ActivityOperations.Count, $"{activities}/$count", CountAsync);
            routes.MapMethodNotAllowed("GET", $"{activities}/$count", Permissions.Read);
            routes.MapRunOperation(
                ActivityOperations.ListReferences,
                $"{activities}/$ref",
                (http, id, options) => ListReferencesAsync(http, address, id, options)
            );
            routes.MapMethodNotAllowed("GET", $"{activities}/$ref", Permissions.Read);
            foreach (var activity in (string[])[$"{activities}/{{activityId}}", $"{activities}('{{activityId}}')"])
            {
                routes.MapActivityOperation(
                    ActivityOperations.Get,
                    activity,
                    (http, id, activityId) => GetAsync(http, address, id, activityId)
                );
                routes.MapActivityOperation(
                    ActivityOperations.Update,
                    activity,
                    (http, id, activityId) => UpdateAsync(http, address, id, activityId)
                );
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
        RunId run,
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
        return ODataQueryString.WithToken(
            $"{ServiceRoot.Of(http.Request)}{address.Path}/{run}/activities{path}",
            options,
            ODataQueryString.SkipToken,
            token
        );
    }

    /// <summary>
    /// Sends a query and reads the page to its end, because the link to the next page stands before the activities.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="query">The query.</param>
    /// <param name="respond">Writes the response.</param>
    public static Task DispatchAsync(HttpContext http, ListActivitiesQuery query, Func<ActivityPage, Task> respond) =>
        http.DispatchAsync(
            query,
            async (head, items) =>
            {
                var (activities, hasNext) = (new List<ActivityResponse>(), false);
                while (await items.MoveNextAsync())
                {
                    activities.Add(items.Current.Row);
                    hasNext = items.Current.HasNext;
                }

                ActivityId? next = hasNext ? ActivityId.FromGuid(activities[^1].Id) : null;
                await respond(new ActivityPage(activities, next, head.Count));
            }
        );

    private static Task ListAsync(HttpContext http, RunCollectionPath address, RunId run, ODataQueryString options) =>
        ListAsync(
            http,
            address,
            run,
            options,
            "",
            (page, next) =>
                http.Response.WriteJsonAsync(json => ActivityJson.Write(json, page, Context(http, address, run), next))
        );

    private static Task ListReferencesAsync(
        HttpContext http,
        RunCollectionPath address,
        RunId run,
        ODataQueryString options
    )
    {
        var context = ServiceUrls.Context(http.Request, "Collection($ref)");
        return ListAsync(
            http,
            address,
            run,
            options,
            "/$ref",
            (page, next) =>
                http.Response.WriteJsonAsync(
                    json => ActivityJson.WriteReferences(json, page, id => Url(http, address, run, id), context, next),
                    mayContainEnums: false
                )
        );
    }

    private static async Task ListAsync(
        HttpContext http,
        RunCollectionPath address,
        RunId run,
        ODataQueryString options,
        string path,
        Func<ActivityPage, string?, Task> respond
    )
    {
        if (await ReadQueryAsync(http, run, options) is { } query)
        {
            await DispatchAsync(
                http,
                query,
                async page =>
                    await respond(page, await NextLinkAsync(http, address, run, options.ForNextPage, page, path))
            );
        }
    }

    /// <summary>Reads the query options of a list of activities.</summary>
    /// <returns>The query; null if an error response has been written.</returns>
    private static async Task<ListActivitiesQuery?> ReadQueryAsync(
        HttpContext http,
        RunId run,
        ODataQueryString options
    )
    {
        ActivityId? after = null;
        if (options[ODataQueryString.SkipToken] is { } token)
        {
            var opened = await http
                .RequestServices.GetRequiredService<PageTokenProtector>()
                .ReadAsync(
                    http.Tenant(),
                    PageTokenProtector.Activities,
                    OptionsOf(run, options.ForThisPage),
                    token,
                    http.RequestAborted
                );
            if (opened.Place is not [Guid last])
            {
                await ODataQueryString.WriteInvalidSkipTokenAsync(http);
                return null;
            }

            after = ActivityId.FromGuid(last);
        }

        return new ListActivitiesQuery(
            http.Tenant(),
            run,
            options.ReadPageSize(http),
            after,
            "true".Equals(options[ODataQueryString.Count], StringComparison.OrdinalIgnoreCase)
        );
    }

    // A token is valid only for the activities of one run.
    private static string OptionsOf(RunId run, string options) => $"{run}?{options}";

    private static Task CountAsync(HttpContext http, RunId run) =>
        http.DispatchAsync(
            new CountActivitiesQuery(http.Tenant(), run),
            count => http.Response.WriteTextAsync(count.ToString(CultureInfo.InvariantCulture))
        );

    private static Task GetAsync(HttpContext http, RunCollectionPath address, RunId run, ActivityId id) =>
        http.DispatchAsync(
            new GetActivityQuery(http.Tenant(), run, id),
            activity => WriteAsync(http, address, run, activity)
        );

    private static async Task AddAsync(HttpContext http, RunCollectionPath address, RunId run)
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

        await http.DispatchAsync(
            body,
            new AddActivityCommand(http.Tenant(), run, ActivityJsonReader.Read(body.Root, "", body.Faults), key),
            (ActivityResponse activity) =>
            {
                if (key is not null)
                {
                    IdempotencyHeaders.MarkAccepted(http);
                }

                var url = Url(http, address, run, activity.Id);
                http.Response.Headers.Location = url;
                if (Preferences.ApplyReturnPreference(http) == false)
                {
                    http.Response.Headers["OData-EntityId"] = url;
                    return http.Response.WriteNoContentAsync();
                }

                http.Response.SetCreated();
                return WriteAsync(http, address, run, activity);
            }
        );
    }

    private static async Task UpdateAsync(HttpContext http, RunCollectionPath address, RunId run, ActivityId id)
    {
        using var body = await JsonRequestBody.ReadAsync(http);
        if (body is null || await EntityTags.ReadIfMatchAsync(http) is not { } condition)
        {
            return;
        }

        await http.DispatchAsync(
            body,
            new UpdateActivityCommand(
                http.Tenant(),
                run,
                id,
                ActivityJsonReader.ReadPatch(body.Root, body.Faults),
                condition
            ),
            (ActivityResponse activity) =>
                Preferences.ApplyReturnPreference(http) == false
                    ? http.Response.WriteNoContentAsync()
                    : WriteAsync(http, address, run, activity)
        );
    }

    private static Task WriteAsync(HttpContext http, RunCollectionPath address, RunId run, ActivityResponse activity) =>
        http.Response.WriteJsonAsync(json =>
            ActivityJson.Write(json, activity, $"{Context(http, address, run)}/$entity")
        );

    // Context URLs contain keys in parentheses (OData Protocol §10.3).
    private static string Context(HttpContext http, RunCollectionPath address, RunId run) =>
        ServiceUrls.Context(http.Request, $"{address.Path}('{run}')/activities");

    private static string Url(HttpContext http, RunCollectionPath address, RunId run, Guid activityId) =>
        $"{ServiceRoot.Of(http.Request)}{address.Path}/{run}/activities/{activityId}";
}
