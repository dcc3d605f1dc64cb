using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>The endpoints that update, delete and start runs.</summary>
internal static class UpdateRunEndpoints
{
    public static void MapUpdateRun(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        foreach (var run in address.ItemPatterns)
        {
            routes
                .MapODataEndpoint(
                    "PATCH",
                    run,
                    Permissions.Write,
                    http => UpdateAsync(http, address),
                    [200, 204, 400, 404, 409, 412, 413, 415]
                )
                .WithOperation(RunOperations.Update);
            routes
                .MapODataEndpoint("DELETE", run, Permissions.Write, DeleteAsync, [204, 400, 404, 412])
                .WithOperation(RunOperations.Delete);
        }

        foreach (var start in RunCollectionPath.OperationPatterns("start", isFunction: false))
        {
            routes
                .MapODataEndpoint(
                    "POST",
                    $"/{address.Path}/{start}",
                    Permissions.Start,
                    http => StartAsync(http, address),
                    [202, 400, 412, 413, 415, 422, 429]
                )
                .WithOperation(RunOperations.Start);
            routes.MapMethodNotAllowed("POST", $"/{address.Path}/{start}", Permissions.Start);
        }
    }

    private static async Task UpdateAsync(HttpContext http, RunCollectionPath address)
    {
        using var body = await JsonRequestBody.ReadAsync(http);
        if (body is null || await EntityTags.ReadIfMatchAsync(http) is not { } condition)
        {
            return;
        }

        var command = new UpdateRunCommand(
            http.Tenant(),
            http.Key(),
            RunJsonReader.ReadPatch(body.Root, body.Faults),
            condition,
            Preferences.ReturnRepresentation(http) ?? true
        );
        var result = body.FindErrors(http, command) ?? await http.Sender().Send(command, http.RequestAborted);
        if (!result.TryGetValue(out var updated, out var error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        http.Response.Headers.ETag = EntityTags.Format(updated.Version);
        Preferences.ApplyReturnPreference(http);
        if (updated.Run is not { } run)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await http.Response.WriteJsonAsync(
            StatusCodes.Status200OK,
            json => RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}/$entity"))
        );
    }

    private static async Task DeleteAsync(HttpContext http)
    {
        if (await EntityTags.ReadIfMatchAsync(http) is not { } condition)
        {
            return;
        }

        var command = new DeleteRunCommand(http.Tenant(), http.Key(), condition);
        if ((await http.Sender().Send(command, http.RequestAborted)).Error is { } error)
        {
            await http.WriteErrorAsync(error);
            return;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task StartAsync(HttpContext http, RunCollectionPath address)
    {
        // The SDKs of Microsoft Graph send no body. OData also allows {} (Protocol §11.5.5.1).
        if (http.Request.ContentLength is not (null or 0) || http.Request.Headers.TransferEncoding.Count > 0)
        {
            using var body = await JsonRequestBody.ReadAsync(http);
            if (body is null)
            {
                return;
            }

            if (body.Root.EnumerateObject().Any())
            {
                await http.WriteErrorAsync(
                    StatusCodes.Status400BadRequest,
                    "unexpectedParameters",
                    "start takes no parameters; send an empty body or {}."
                );
                return;
            }
        }

        // All start requests are equivalent, with or without a body.
        var (goesOn, key) = await IdempotencyHeaders.TryReadAsync(http, "start"u8.ToArray(), withRepresentation: false);
        if (!goesOn)
        {
            return;
        }

        var command = new StartRunCommand(http.Tenant(), key);
        if (!(await http.Sender().Send(command, http.RequestAborted)).TryGetValue(out var id, out var error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        if (key is not null)
        {
            IdempotencyHeaders.MarkAccepted(http);
        }

        http.Response.Headers.Location = ServiceUrls.Run(http.Request, address, id.Value);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
    }
}
