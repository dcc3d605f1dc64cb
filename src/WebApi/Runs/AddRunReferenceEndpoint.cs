using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// The endpoint that adds an existing run to the collection of runs by its URL (OData Protocol §11.4.6.1).
/// </summary>
internal static class AddRunReferenceEndpoint
{
    public static async Task AddAsync(
        HttpContext http,
        RunCollectionPath address,
        JsonRequestBody body,
        JsonElement reference
    )
    {
        if (body.Faults.Count > 0)
        {
            await http.WriteErrorAsync(Error.Aggregate(body.Faults));
        }
        else if (
            JsonElementExtensions.TryGetString(reference) is not { } url
            || ServiceUrls.TryParseRunReference(http.Request, url) is not { } key
        )
        {
            await http.WriteErrorAsync(
                new Error(
                    ErrorKind.Validation,
                    "invalidReference",
                    $"{RunJsonReader.IdAnnotation} must be the URL of a run of this service, "
                        + $"like {ServiceUrls.Root(http.Request)}{address.Path}/{{id}}.",
                    RunJsonReader.IdAnnotation
                )
            );
        }
        else if (
            (await http.Sender().Send(new AddRunReferenceCommand(http.Tenant(), key), http.RequestAborted)).Error is
            { } error
        )
        {
            await http.WriteErrorAsync(error);
        }
        else
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }
}
