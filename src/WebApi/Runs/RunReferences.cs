using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Json;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>Adding a run that exists to the collection of runs, by its URL (OData Protocol §11.4.6.1).</summary>
internal static class RunReferences
{
    public static async Task AddAsync(HttpContext http, RunAddress address, JsonBody body, JsonElement reference)
    {
        if (body.Faults.Count > 0)
        {
            await http.RefuseAsync(Error.Of(body.Faults));
        }
        else if (JsonText.Value(reference) is not { } url || ServiceUrls.KeyIn(http.Request, url) is not { } key)
        {
            await http.RefuseAsync(new Error(
                ErrorKind.Invalid,
                "invalidReference",
                $"{RunBody.IdAnnotation} must be the URL of a run of this service, like {ServiceUrls.Root(http.Request)}{address.Path}/{{id}}.",
                RunBody.IdAnnotation));
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
}
