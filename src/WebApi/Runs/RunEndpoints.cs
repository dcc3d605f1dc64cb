using IndustryData.Application.Runs;
using IndustryData.Domain.Json;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;
using Mediator;

namespace IndustryData.WebApi.Runs;

/// <summary>The routes of runs, at each of their addresses, with the statuses that they document.</summary>
internal static class RunEndpoints
{
    private static readonly string[] _qualifiers = ["", "microsoft.graph.industryData."];

    public static void MapRuns(this IEndpointRouteBuilder routes)
    {
        foreach (var address in RunAddress.All)
        {
            var runs = $"/{address.Path}";
            routes.Offer("POST", $"{runs}/$ref", Permissions.Write, http => AddToCollectionAsync(http, address), [201, 204, 400, 404, 413, 415]);
            routes.Offer("POST", runs, Permissions.Write, http => AddAsync(http, address), [201, 204, 400, 413, 415]);
            routes.Offer("GET", runs, Permissions.Read, (http, options) => ListAsync(http, address, options), [200, 400, 406], [QueryOptions.Top, QueryOptions.SkipToken]);
            foreach (var run in (string[])[$"{runs}/{{id}}", $"{runs}('{{id}}')"])
            {
                routes.Offer("GET", run, Permissions.Read, http => GetAsync(http, address), [200, 304, 400, 404, 406]);
                foreach (var qualifier in _qualifiers)
                {
                    routes.Offer("GET", $"{run}/{qualifier}getStatistics", Permissions.Read, GetStatisticsAsync, [200, 400, 404, 406]);
                    routes.Offer("GET", $"{run}/{qualifier}getStatistics()", Permissions.Read, GetStatisticsAsync, [200, 400, 404, 406]);
                }

                routes.NotOffered("GET", $"{run}/activities/{{**rest}}", Permissions.Read);
            }

            routes.NotOffered("GET", $"{runs}/$ref", Permissions.Read);
            routes.NotOffered("GET", $"{runs}/$count", Permissions.Read);
            foreach (var qualifier in _qualifiers)
            {
                routes.NotOffered("POST", $"{runs}/{qualifier}start", Permissions.Start);
                foreach (var call in (string[])["", "()"])
                {
                    routes.NotOffered("GET", $"{runs}/{qualifier}getStatistics{call}", Permissions.Read);
                    routes.NotOffered("GET", $"{runs}/{qualifier}delta{call}", Permissions.Read);
                }
            }
        }
    }

    private static async Task AddToCollectionAsync(HttpContext http, RunAddress address)
    {
        using var body = await JsonBody.ReadAsync(http);
        if (body is null)
        {
            return;
        }

        if (RunBody.Reference(body.Root) is not { } reference)
        {
            await AddAsync(http, address, body, representation: Preferences.ReturnRepresentation(http) ?? false);
            return;
        }

        if (body.Faults.Count > 0)
        {
            await http.RefuseAsync(Domain.Error.Of(body.Faults));
        }
        else if (JsonText.Value(reference) is not { } url || ServiceUrls.KeyIn(http.Request, url) is not { } key)
        {
            await http.RefuseAsync(new Domain.Error(
                Domain.ErrorKind.Invalid, "invalidReference", $"{RunBody.IdAnnotation} must be the URL of a run of this service, like {ServiceUrls.Root(http.Request)}{address.Path}/{{id}}.", RunBody.IdAnnotation));
        }
        else if ((await http.Sender().Send(new AddRunReferenceCommand(http.Tenant(), key), http.RequestAborted)).Error is { } error)
        {
            await http.RefuseAsync(error);
        }
        else
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    private static async Task AddAsync(HttpContext http, RunAddress address)
    {
        using var body = await JsonBody.ReadAsync(http);
        if (body is not null)
        {
            await AddAsync(http, address, body, representation: Preferences.ReturnRepresentation(http) ?? true);
        }
    }

    private static async Task AddAsync(HttpContext http, RunAddress address, JsonBody body, bool representation)
    {
        var command = new AddRunCommand(http.Tenant(), RunBody.Read(body.Root, body.Faults), body.Faults);
        if (!(await http.Sender().Send(command, http.RequestAborted)).Succeeded(out var run, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        var url = ServiceUrls.Run(http.Request, address, run.Id);
        http.Response.Headers.Location = url;
        if (Preferences.ReturnRepresentation(http) is not null)
        {
            Preferences.ApplyReturn(http, representation);
        }

        if (representation)
        {
            http.Response.Headers.ETag = RunJson.ETag(run.Version);
            await http.Response.WriteJsonAsync(StatusCodes.Status201Created, json => RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}/$entity")));
        }
        else
        {
            http.Response.Headers["OData-EntityId"] = url;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    private static async Task ListAsync(HttpContext http, RunAddress address, QueryOptions options)
    {
        var tokens = http.RequestServices.GetRequiredService<PageToken>();
        RunPosition? after = null;
        if (options[QueryOptions.SkipToken] is { } token)
        {
            after = await tokens.ReadAsync(http.Tenant(), token, http.RequestAborted);
            if (after is null)
            {
                await QueryOptions.RefuseAsync(http, "invalidSkipToken", $"{QueryOptions.SkipToken} is not one that this service gave; follow @odata.nextLink as it is, or start again without it.");
                return;
            }
        }

        if (!(await http.Sender().Send(new ListRunsQuery(http.Tenant(), options.PageSize, after), http.RequestAborted)).Succeeded(out var page, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        string? nextLink = null;
        if (page.Next is { } next)
        {
            var top = options[QueryOptions.Top] is { } asked ? $"{QueryOptions.Top}={asked}&" : "";
            nextLink = $"{ServiceUrls.Root(http.Request)}{address.Path}?{top}{QueryOptions.SkipToken}={await tokens.WriteAsync(http.Tenant(), next, http.RequestAborted)}";
        }

        await http.Response.WriteJsonAsync(StatusCodes.Status200OK, json => RunJson.Write(json, page, ServiceUrls.Context(http.Request, address.Path), nextLink));
    }

    private static async Task GetAsync(HttpContext http, RunAddress address)
    {
        if (!(await http.Sender().Send(new GetRunQuery(http.Tenant(), http.Key()), http.RequestAborted)).Succeeded(out var run, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        var etag = RunJson.ETag(run.Version);
        http.Response.Headers.ETag = etag;
        if (http.Request.GetTypedHeaders().IfNoneMatch is { Count: > 0 } known && known.Any(k => k.Tag == "*" || k.ToString() == etag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await http.Response.WriteJsonAsync(StatusCodes.Status200OK, json => RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}/$entity")));
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
            json => RunJson.Write(json, statistics, ServiceUrls.Context(http.Request, "microsoft.graph.industryData.industryDataRunStatistics")));
    }

    private static ISender Sender(this HttpContext http) => http.RequestServices.GetRequiredService<ISender>();

    private static string Key(this HttpContext http) => (string)http.Request.RouteValues["id"]!;
}
