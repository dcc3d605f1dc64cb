using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>The endpoints that update, delete and start runs.</summary>
internal static class UpdateRunEndpoints
{
    public static void MapUpdateRun(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        foreach (var run in address.ItemPatterns)
        {
            routes.MapRunOperation(RunOperations.Update, run, (http, id) => UpdateAsync(http, address, id));
            routes.MapRunOperation(RunOperations.Delete, run, DeleteAsync);
        }

        foreach (var start in RunCollectionPath.OperationPatterns("start", isFunction: false))
        {
            var path = $"/{address.Path}/{start}";
            routes.MapOperation(RunOperations.Start, path, http => StartAsync(http, address));
            routes.MapMethodNotAllowed("POST", path, Permissions.Start);
        }
    }

    private static async Task UpdateAsync(HttpContext http, RunCollectionPath address, RunId id)
    {
        using var body = await JsonRequestBody.ReadAsync(http);
        if (body is null || await EntityTags.ReadIfMatchAsync(http) is not { } condition)
        {
            return;
        }

        await http.DispatchAsync(
            body,
            new UpdateRunCommand(
                http.Tenant(),
                id,
                RunJsonReader.ReadPatch(body.Root, body.Faults),
                condition,
                Preferences.ReturnRepresentation(http) ?? true
            ),
            (UpdatedRun updated) =>
            {
                http.Response.Headers.ETag = EntityTags.Format(updated.Version);
                Preferences.ApplyReturnPreference(http);
                return updated.Run is { } run
                    ? http.Response.WriteJsonAsync(json =>
                        RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}/$entity"))
                    )
                    : http.Response.WriteNoContentAsync();
            }
        );
    }

    private static async Task DeleteAsync(HttpContext http, RunId id)
    {
        if (await EntityTags.ReadIfMatchAsync(http) is { } condition)
        {
            await http.DispatchAsync(
                new DeleteRunCommand(http.Tenant(), id, condition),
                _ => http.Response.WriteNoContentAsync()
            );
        }
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
                await http.WriteBadRequestAsync(
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

        await http.DispatchAsync(
            new StartRunCommand(http.Tenant(), key),
            id =>
            {
                if (key is not null)
                {
                    IdempotencyHeaders.MarkAccepted(http);
                }

                return http.Response.WriteAcceptedAsync(ServiceUrls.Run(http.Request, address, id));
            }
        );
    }
}
