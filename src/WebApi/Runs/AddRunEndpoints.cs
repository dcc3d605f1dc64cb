using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Json;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>Adding a run to the collection of runs: the page's way (<c>$ref</c>, 204) and OData's (201 and the run).</summary>
internal static class AddRunEndpoints
{
    public static void MapAddRun(this IEndpointRouteBuilder routes, RunAddress address)
    {
        routes.Offer("POST", $"/{address.Path}/$ref", Permissions.Write, http => AddToCollectionAsync(http, address), [201, 204, 400, 404, 413, 415]);
        routes.Offer("POST", $"/{address.Path}", Permissions.Write, http => AddAsync(http, address), [201, 204, 400, 413, 415]);
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
            await AddAsync(http, address, body, representationByDefault: false);
            return;
        }

        if (body.Faults.Count > 0)
        {
            await http.RefuseAsync(Error.Of(body.Faults));
        }
        else if (JsonText.Value(reference) is not { } url || ServiceUrls.KeyIn(http.Request, url) is not { } key)
        {
            await http.RefuseAsync(new Error(
                ErrorKind.Invalid, "invalidReference", $"{RunBody.IdAnnotation} must be the URL of a run of this service, like {ServiceUrls.Root(http.Request)}{address.Path}/{{id}}.", RunBody.IdAnnotation));
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
            await AddAsync(http, address, body, representationByDefault: true);
        }
    }

    private static async Task AddAsync(HttpContext http, RunAddress address, JsonBody body, bool representationByDefault)
    {
        var command = new AddRunCommand(http.Tenant(), RunBody.Read(body.Root, body.Faults), body.Faults);
        if (!(await http.Sender().Send(command, http.RequestAborted)).Succeeded(out var run, out var error))
        {
            await http.RefuseAsync(error);
            return;
        }

        var url = ServiceUrls.Run(http.Request, address, run.Id);
        http.Response.Headers.Location = url;
        if (Preferences.ApplyReturn(http) ?? representationByDefault)
        {
            http.Response.Headers.ETag = EntityTags.Of(run.Version);
            await http.Response.WriteJsonAsync(StatusCodes.Status201Created, json => RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}/$entity")));
        }
        else
        {
            http.Response.Headers["OData-EntityId"] = url;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }
}
