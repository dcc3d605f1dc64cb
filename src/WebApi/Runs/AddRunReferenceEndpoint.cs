using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>
/// The endpoint that adds an existing run to the collection of runs by its URL (OData Protocol §11.4.6.1).
/// </summary>
internal static class AddRunReferenceEndpoint
{
    public static Task AddAsync(
        HttpContext http,
        RunCollectionPath address,
        JsonRequestBody body,
        JsonElement reference
    )
    {
        if (body.Faults.Count > 0)
        {
            return http.WriteErrorAsync(Error.Aggregate(body.Faults));
        }

        if (
            JsonElementExtensions.TryGetString(reference) is not { } url
            || ServiceUrls.TryParseRunReference(http.Request, url) is not { } key
        )
        {
            return http.WriteErrorAsync(
                new Error(
                    ErrorKind.Validation,
                    "invalidReference",
                    $"{RunJsonReader.IdAnnotation} must be the URL of a run of this service, "
                        + $"like {ServiceRoot.Of(http.Request)}{address.Path}/{{id}}.",
                    RunJsonReader.IdAnnotation
                )
            );
        }

        return http.DispatchAsync(
            new AddRunReferenceCommand(http.Tenant(), RunId.TryParse(key) ?? RunId.Nil),
            _ => http.Response.WriteNoContentAsync()
        );
    }
}
