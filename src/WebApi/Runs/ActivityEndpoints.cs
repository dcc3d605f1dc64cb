using System.Globalization;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>What a run carried out: reported, changed and read below the run.</summary>
internal static class ActivityEndpoints
{
    private static readonly string[] _listOptions = [QueryOptions.Top, QueryOptions.Count, QueryOptions.SkipToken];

    public static void MapActivities(this IEndpointRouteBuilder routes, RunAddress address)
    {
        foreach (var run in address.Keyed)
        {
            var activities = $"{run}/activities";
            routes.Offer("GET", activities, Permissions.Read, (http, options) => ListAsync(http, address, options), [200, 400, 404, 406], _listOptions).Describes(ActivityOperations.List);
            routes.Offer("POST", activities, Permissions.Write, http => AddAsync(http, address), [201, 204, 400, 404, 409, 412, 413, 415, 422]).Describes(ActivityOperations.Add);
            routes.Offer("GET", $"{activities}/$count", Permissions.Read, (http, _) => CountAsync(http), [200, 400, 404, 406], [], isText: true).Describes(ActivityOperations.Count);
            routes.Only("GET", $"{activities}/$count", Permissions.Read);
            routes.Offer("GET", $"{activities}/$ref", Permissions.Read, (http, options) => ListReferencesAsync(http, address, options), [200, 400, 404, 406], _listOptions).Describes(ActivityOperations.ListReferences);
            routes.Only("GET", $"{activities}/$ref", Permissions.Read);
            foreach (var activity in (string[])[$"{activities}/{{activityId}}", $"{activities}('{{activityId}}')"])
            {
                routes.Offer("GET", activity, Permissions.Read, http => GetAsync(http, address), [200, 400, 404, 406]).Describes(ActivityOperations.Get);
                routes.Offer("PATCH", activity, Permissions.Write, http => UpdateAsync(http, address), [200, 204, 400, 404, 409, 412, 413, 415]).Describes(ActivityOperations.Update);
            }
        }
    }

    /// <summary>Makes the URL of the next page of the activities of a run; null where there is none.</summary>
    /// <param name="http">The request.</param>
    /// <param name="address">The address of the runs.</param>
    /// <param name="run">The run's id.</param>
    /// <param name="options">The other query options of the URL.</param>
    /// <param name="page">The page before.</param>
    /// <param name="path">What follows the path of the activities.</param>
    public static async ValueTask<string?> NextLinkAsync(HttpContext http, RunAddress address, string run, string options, ActivityPage page, string path = "")
    {
        if (page.Next is not { } last)
        {
            return null;
        }

        var token = await http.RequestServices.GetRequiredService<PageToken>()
            .WriteAsync(http.Tenant(), PageToken.Activities, OptionsOf(run, options), [last.Value], http.RequestAborted);
        return $"{ServiceUrls.Root(http.Request)}{address.Path}/{run}/activities{path}?{options}{(options.Length > 0 ? "&" : "")}{QueryOptions.SkipToken}={token}";
    }

    private static async Task ListAsync(HttpContext http, RunAddress address, QueryOptions options)
    {
        if (await ReadPageAsync(http, options) is { } page)
        {
            var next = await NextLinkAsync(http, address, http.Key(), options.ForNextPage, page);
            await http.Response.WriteJsonAsync(StatusCodes.Status200OK, json => ActivityJson.Write(json, page, Context(http, address), next));
        }
    }

    private static async Task ListReferencesAsync(HttpContext http, RunAddress address, QueryOptions options)
    {
        if (await ReadPageAsync(http, options) is { } page)
        {
            var next = await NextLinkAsync(http, address, http.Key(), options.ForNextPage, page, "/$ref");
            var context = ServiceUrls.Context(http.Request, "Collection($ref)");
            await http.Response.WriteJsonAsync(
                StatusCodes.Status200OK,
                json => ActivityJson.WriteReferences(json, page, id => Url(http, address, id), context, next),
                showsStatuses: false);
        }
    }

    /// <summary>Reads the page that the options ask for.</summary>
    /// <returns>Null when the request has been answered with an error.</returns>
    private static async Task<ActivityPage?> ReadPageAsync(HttpContext http, QueryOptions options)
    {
        ActivityId? after = null;
        if (options[QueryOptions.SkipToken] is { } token)
        {
            var opened = await http.RequestServices.GetRequiredService<PageToken>()
                .ReadAsync(http.Tenant(), PageToken.Activities, OptionsOf(http.Key(), options.ForThisPage), token, http.RequestAborted);
            if (opened.Place is not [Guid last])
            {
                await QueryOptions.RefuseAsync(http, "invalidSkipToken", $"{QueryOptions.SkipToken} is not one that this service gave for these options; follow @odata.nextLink as it is, or start again without it.");
                return null;
            }

            after = new ActivityId(last);
        }

        var size = options.ReadPageSize(http);

        var query = new ListActivitiesQuery(http.Tenant(), http.Key(), size, after, "true".Equals(options[QueryOptions.Count], StringComparison.OrdinalIgnoreCase));
        if ((await http.Sender().Send(query, http.RequestAborted)).Succeeded(out var page, out var error))
        {
            return page;
        }

        await http.RefuseAsync(error);
        return null;
    }

    // A token is valid for the activities of one run only. Keys are case-insensitive.
    private static string OptionsOf(string run, string options) => $"{run.ToLowerInvariant()}?{options}";

    private static async Task CountAsync(HttpContext http)
    {
        if (!(await http.Sender().Send(new CountActivitiesQuery(http.Tenant(), http.Key()), http.RequestAborted)).Succeeded(out var count, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        http.Response.ContentType = "text/plain";
        await http.Response.WriteAsync(count.ToString(CultureInfo.InvariantCulture), http.RequestAborted);
    }

    private static async Task GetAsync(HttpContext http, RunAddress address)
    {
        if (!(await http.Sender().Send(new GetActivityQuery(http.Tenant(), http.Key(), http.ActivityKey()), http.RequestAborted)).Succeeded(out var activity, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        await http.Response.WriteJsonAsync(StatusCodes.Status200OK, json => ActivityJson.Write(json, activity, $"{Context(http, address)}/$entity"));
    }

    private static async Task AddAsync(HttpContext http, RunAddress address)
    {
        using var body = await JsonBody.ReadAsync(http);
        if (body is null)
        {
            return;
        }

        var (goesOn, key) = await RequestKeys.ReadAsync(http, body.Bytes, withRepresentation: true);
        if (!goesOn)
        {
            return;
        }

        var command = new AddActivityCommand(http.Tenant(), http.Key(), ActivityBody.Read(body.Root, "", body.Faults), body.Faults, key);
        if (!(await http.Sender().Send(command, http.RequestAborted)).Succeeded(out var activity, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        if (key is not null)
        {
            RequestKeys.Accept(http);
        }

        var url = Url(http, address, activity.Id);
        http.Response.Headers.Location = url;
        if (Preferences.ApplyReturn(http) == false)
        {
            http.Response.Headers["OData-EntityId"] = url;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await http.Response.WriteJsonAsync(StatusCodes.Status201Created, json => ActivityJson.Write(json, activity, $"{Context(http, address)}/$entity"));
    }

    private static async Task UpdateAsync(HttpContext http, RunAddress address)
    {
        using var body = await JsonBody.ReadAsync(http);
        if (body is null || await EntityTags.ConditionAsync(http) is not { } condition)
        {
            return;
        }

        var command = new UpdateActivityCommand(http.Tenant(), http.Key(), http.ActivityKey(), ActivityBody.ReadPatch(body.Root, body.Faults), condition, body.Faults);
        if (!(await http.Sender().Send(command, http.RequestAborted)).Succeeded(out var activity, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        if (Preferences.ApplyReturn(http) == false)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await http.Response.WriteJsonAsync(StatusCodes.Status200OK, json => ActivityJson.Write(json, activity, $"{Context(http, address)}/$entity"));
    }

    // Keys stand in parentheses in context URLs (OData Protocol §10.3).
    private static string Context(HttpContext http, RunAddress address) => ServiceUrls.Context(http.Request, $"{address.Path}('{http.Key()}')/activities");

    private static string Url(HttpContext http, RunAddress address, Guid activityId) => $"{ServiceUrls.Root(http.Request)}{address.Path}/{http.Key()}/activities/{activityId}";

    private static string ActivityKey(this HttpContext http) => (string)http.Request.RouteValues["activityId"]!;
}
