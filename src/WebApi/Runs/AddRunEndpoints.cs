using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// The endpoints that add a run to the collection of runs: the endpoint of the reference page (<c>$ref</c>, 204) and
/// the endpoint of OData (201 and the run).
/// </summary>
internal static class AddRunEndpoints
{
    public static void MapAddRun(this IEndpointRouteBuilder routes, RunCollectionPath address)
    {
        routes
            .MapODataEndpoint(
                "POST",
                $"/{address.Path}/$ref",
                Permissions.Write,
                http => AddToCollectionAsync(http, address),
                [201, 204, 400, 404, 412, 413, 415, 422]
            )
            .WithOperation(RunOperations.AddToCollection);
        routes
            .MapODataEndpoint(
                "POST",
                $"/{address.Path}",
                Permissions.Write,
                http => AddAsync(http, address),
                [201, 204, 400, 412, 413, 415, 422]
            )
            .WithOperation(RunOperations.Create);
    }

    private static async Task AddToCollectionAsync(HttpContext http, RunCollectionPath address)
    {
        using var body = await JsonRequestBody.ReadAsync(http);
        if (body is not null)
        {
            await (
                RunJsonReader.Reference(body.Root) is { } reference
                    ? AddRunReferenceEndpoint.AddAsync(http, address, body, reference)
                    : AddAsync(http, address, body, representationByDefault: false)
            );
        }
    }

    private static async Task AddAsync(HttpContext http, RunCollectionPath address)
    {
        using var body = await JsonRequestBody.ReadAsync(http);
        if (body is not null)
        {
            await AddAsync(http, address, body, representationByDefault: true);
        }
    }

    private static async Task AddAsync(
        HttpContext http,
        RunCollectionPath address,
        JsonRequestBody body,
        bool representationByDefault
    )
    {
        var representation = Preferences.ReturnRepresentation(http) ?? representationByDefault;
        var (goesOn, key) = await IdempotencyHeaders.TryReadAsync(http, body.Bytes, representation);
        if (!goesOn)
        {
            return;
        }

        var draft = RunJsonReader.Read(body.Root, body.Faults);
        var command = new AddRunCommand(http.Tenant(), draft, key, representation);
        var result = body.FindErrors(http, command) ?? await http.Sender().Send(command, http.RequestAborted);
        if (!result.TryGetValue(out var added, out var error))
        {
            await http.WriteErrorAsync(error);
            return;
        }

        if (key is not null)
        {
            IdempotencyHeaders.MarkAccepted(http);
        }

        Preferences.ApplyReturnPreference(http, isRepresentation: added.Run is not null);
        var url = ServiceUrls.Run(http.Request, address, added.Id.Value);
        http.Response.Headers.Location = url;
        if (added.Run is { } run)
        {
            http.Response.Headers.ETag = EntityTags.Format(run.Version);
            await http.Response.WriteJsonAsync(
                StatusCodes.Status201Created,
                json => RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}/$entity"))
            );
            return;
        }

        http.Response.Headers["OData-EntityId"] = url;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
