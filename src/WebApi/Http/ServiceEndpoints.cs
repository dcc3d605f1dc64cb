using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Maps the service document, the metadata document, the singletons above the runs, and the health endpoints.
/// </summary>
internal static class ServiceEndpoints
{
    private static readonly string[] _options = [ODataQueryString.Format];

    public static void MapService(this IEndpointRouteBuilder routes)
    {
        routes
            .MapMethods("/", ["GET", "HEAD"], WriteServiceDocumentAsync)
            .AllowAnonymous()
            .WithMetadata(
                new ProducesResponseTypeMetadata(200),
                new ProducesResponseTypeMetadata(400),
                new ProducesResponseTypeMetadata(406),
                new SupportedQueryOptions(_options)
            )
            .WithOperation(
                new("getServiceDocument", "The service document", "Where to begin (OData JSON Format §5).")
                {
                    Answers = [ResponseDescription.Json(200, "The singletons.", Schemas.ServiceDocument)],
                }
            );
        foreach (var singleton in (string[])["external", "external/industryData", "process"])
        {
            routes
                .MapODataEndpoint(
                    "GET",
                    $"/{singleton}",
                    Permissions.Read,
                    http => WriteSingletonAsync(http, singleton),
                    [200, 400, 406]
                )
                .WithOperation(
                    new(
                        $"get_{singleton.Replace('/', '_')}",
                        $"The singleton {singleton}",
                        "It has no members of its own; the runs are below it."
                    )
                    {
                        Answers = [ResponseDescription.Json(200, "The singleton.", Schemas.Singleton)],
                    }
                );
        }

        routes.MapMetadata();
        routes
            .MapMethods("/health/live", ["GET", "HEAD"], http => WriteHealthAsync(http, null))
            .AllowAnonymous()
            .WithMetadata(new ProducesResponseTypeMetadata(200))
            .WithOperation(
                new("getLiveness", "Check that the process runs", "For the supervisor that restarts the service.")
                {
                    Answers = [ResponseDescription.Text(200, "The process runs.", Schemas.Health)],
                }
            );
        routes
            .MapMethods("/health/ready", ["GET", "HEAD"], WriteReadinessAsync)
            .AllowAnonymous()
            .WithMetadata(new ProducesResponseTypeMetadata(200), new ProducesResponseTypeMetadata(503))
            .WithOperation(
                new(
                    "getReadiness",
                    "Check that the service is ready",
                    "200 while reads and writes work; with `?for=read`, while reads work."
                )
                {
                    Answers = [ResponseDescription.Text(200, "The service is ready.", Schemas.Health)],
                }
            );
    }

    // The service document (OData JSON Format §5).
    private static async Task WriteServiceDocumentAsync(HttpContext http)
    {
        if (await Routes.ReadAsync(http, _options, Routes.Json) is not null)
        {
            await http.Response.WriteJsonAsync(
                StatusCodes.Status200OK,
                json => WriteServiceDocument(http, json),
                mayContainEnums: false
            );
        }
    }

    private static void WriteServiceDocument(HttpContext http, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("@odata.context", $"{ServiceUrls.Root(http.Request)}$metadata");
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
            StatusCodes.Status200OK,
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
            return http.WriteErrorAsync(
                StatusCodes.Status503ServiceUnavailable,
                "stopping",
                "The service stops; send requests to another instance.",
                TimeSpan.FromSeconds(10)
            );
        }

        var status = http.RequestServices.GetRequiredService<IDatabaseHealth>();
        return WriteHealthAsync(http, http.Request.Query["for"] == "read" ? status.Outage : status.WriteOutage);
    }

    private static Task WriteHealthAsync(HttpContext http, DatabaseOutage? outage)
    {
        if (outage is not null)
        {
            return http.WriteErrorAsync(
                StatusCodes.Status503ServiceUnavailable,
                outage.Code,
                outage.Message,
                outage.RetryAfter
            );
        }

        http.Response.ContentType = "text/plain";
        return http.Response.WriteAsync("ok");
    }
}
