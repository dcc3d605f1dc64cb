using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
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
        routes.MapOperation(
            RunOperations.AddToCollection,
            $"/{address.Path}/$ref",
            http => AddToCollectionAsync(http, address)
        );
        routes.MapOperation(RunOperations.Create, $"/{address.Path}", http => AddAsync(http, address));
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
        await http.DispatchAsync(
            body,
            new AddRunCommand(http.Tenant(), draft, key, representation),
            (AddedRun added) => RespondAsync(http, address, added, hasKey: key is not null)
        );
    }

    private static Task RespondAsync(HttpContext http, RunCollectionPath address, AddedRun added, bool hasKey)
    {
        if (hasKey)
        {
            IdempotencyHeaders.MarkAccepted(http);
        }

        Preferences.ApplyReturnPreference(http, isRepresentation: added.Run is not null);
        var url = ServiceUrls.Run(http.Request, address, added.Id);
        http.Response.Headers.Location = url;
        if (added.Run is not { } run)
        {
            http.Response.Headers["OData-EntityId"] = url;
            return http.Response.WriteNoContentAsync();
        }

        http.Response.Headers.ETag = EntityTags.Format(run.Version);
        http.Response.SetCreated();
        return http.Response.WriteJsonAsync(json =>
            RunJson.Write(json, run, ServiceUrls.Context(http.Request, $"{address.Path}/$entity"))
        );
    }
}
