using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Service;

/// <summary>
/// Maps the service document, the metadata document, the singletons above the runs, and the health endpoints.
/// </summary>
internal static class ServiceEndpoints
{
    private static readonly OperationDescription _serviceDocument = new(
        "getServiceDocument",
        "GET",
        null,
        "Get the service document",
        "Returns the singletons of the service (OData JSON Format §5). A request whose `Accept` names `text/html` "
            + "first, as browsers send it, is redirected to the pages for people."
    )
    {
        QueryOptions = [ODataQueryString.Format],
        Answers =
        [
            ResponseDescription.Ok("The singletons.", ServiceSchemas.ServiceDocument),
            ResponseDescription.Found("The pages for people are at `Location`."),
        ],
    };

    private static readonly OperationDescription _liveness = new(
        "getLiveness",
        "GET",
        null,
        "Check that the process runs",
        "A supervisor can restart the service if this request fails."
    )
    {
        IsOData = false,
        Answers = [ResponseDescription.Ok("The process runs.", ServiceSchemas.Health)],
    };

    private static readonly OperationDescription _readiness = new(
        "getReadiness",
        "GET",
        null,
        "Check that the service is ready",
        "Returns 200 if reads and writes work, or with `?for=read` if reads work. The causes of outages are in "
            + "`reasons`, or with 503 in `error.details`."
    )
    {
        IsOData = false,
        Answers = [ResponseDescription.Ok("The service is ready.", ServiceSchemas.Health)],
        OtherErrors = [ErrorStatus.ServiceUnavailable],
    };

    public static void MapService(this IEndpointRouteBuilder routes)
    {
        routes.MapAnonymous(_serviceDocument, "/", WriteServiceDocumentAsync);
        foreach (var singleton in (string[])["external", "external/industryData", "process"])
        {
            routes.MapOperation(Describe(singleton), $"/{singleton}", http => WriteSingletonAsync(http, singleton));
        }

        routes.MapMetadata();
        routes.MapAnonymous(_liveness, "/health/live", http => WriteHealthAsync(http, "live", [], []));
        routes.MapAnonymous(_readiness, "/health/ready", WriteReadinessAsync);
    }

    private static OperationDescription Describe(string singleton) =>
        new(
            $"get_{singleton.Replace('/', '_')}",
            "GET",
            Permissions.Read,
            $"Get the singleton {singleton}",
            "The singleton has no properties. The runs are below it."
        )
        {
            Answers = [ResponseDescription.Ok("The singleton.", ServiceSchemas.Singleton)],
        };

    // The service document (OData JSON Format §5).
    private static async Task WriteServiceDocumentAsync(HttpContext http)
    {
        if (MediaTypes.PrefersHtml(http.Request) && !http.Request.QueryString.HasValue)
        {
            http.Response.RedirectToPages();
            return;
        }

        if (await ODataRoutes.ReadAsync(http, _serviceDocument.QueryOptions, MediaTypes.Json) is not null)
        {
            await http.Response.WriteJsonAsync(json => WriteServiceDocument(http, json), mayContainEnums: false);
        }
    }

    private static void WriteServiceDocument(HttpContext http, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", $"{ServiceRoot.Of(http.Request)}$metadata");
        json.WriteStartArray("value");
        foreach (var singleton in (string[])["external", "process"])
        {
            json.WriteStartObject();
            json.WriteString("name", singleton);
            json.WriteString("kind", "Singleton");
            json.WriteString("url", singleton);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static Task WriteSingletonAsync(HttpContext http, string singleton) =>
        http.Response.WriteJsonAsync(
            json =>
            {
                json.WriteStartObject();

                // The context URL of a contained singleton is the path to it, as an entity (OData Protocol §10.3).
                json.WriteString(
                    "@odata.context",
                    ServiceUrls.Context(http.Request, singleton.Contains('/') ? $"{singleton}/$entity" : singleton)
                );
                json.WriteEndObject();
            },
            mayContainEnums: false
        );

    private static Task WriteReadinessAsync(HttpContext http)
    {
        if (
            http
                .RequestServices.GetRequiredService<IHostApplicationLifetime>()
                .ApplicationStopping.IsCancellationRequested
        )
        {
            return http.WriteUnavailableAsync(
                "stopping",
                "The service stops; send requests to another instance.",
                TimeSpan.FromSeconds(10)
            );
        }

        var database = http.RequestServices.GetRequiredService<IDatabaseHealth>();
        var (read, write) = (database.Outage, database.WriteOutage);
        var needed = http.Request.Query["for"] == "read" ? read : write;
        var reasons = Reasons(read, write);
        return needed is null
            ? WriteHealthAsync(http, "ready", reasons, database.Standbys)
            : http.WriteErrorAsync(needed, reasons);
    }

    /// <summary>Returns the outages, each with what does not work: <c>read</c> or <c>write</c>.</summary>
    private static List<Error> Reasons(DatabaseOutage? read, DatabaseOutage? write)
    {
        var reasons = new List<Error>();
        if (read is not null)
        {
            reasons.Add(new Error(ErrorKind.Validation, read.Code, read.Message, "read"));
        }

        if (write is not null)
        {
            reasons.Add(new Error(ErrorKind.Validation, write.Code, write.Message, "write"));
        }

        return reasons;
    }

    private static Task WriteHealthAsync(
        HttpContext http,
        string status,
        IReadOnlyList<Error> reasons,
        IReadOnlyList<StandbyStatus> standbys
    ) =>
        http.Response.WritePlainJsonAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("status", status);
            json.WriteErrors("reasons", reasons);
            if (standbys.Count > 0)
            {
                json.WriteStartArray("standbys");
                foreach (var standby in standbys)
                {
                    WriteStandby(json, standby);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        });

    private static void WriteStandby(Utf8JsonWriter json, StandbyStatus standby)
    {
        json.WriteStartObject();
        json.WriteBoolean("isUsed", standby.IsUsed);
        if (standby.Lag is { } lag)
        {
            json.WriteNumber("lagSeconds", Math.Round(lag.TotalSeconds, 3));
        }

        json.WriteEndObject();
    }
}
