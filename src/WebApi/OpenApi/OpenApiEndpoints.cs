using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace IndustryData.WebApi.OpenApi;

/// <summary>
/// The endpoints that describe the service: <c>/openapi/v1.json</c> for programs and <c>/docs</c> for users.
/// </summary>
internal static class OpenApiEndpoints
{
    private const string Name = "v1";

    // A placeholder in the cached document for the service root, which depends on the URL of the request.
    private const string Root = "{root}";

    private static readonly OperationDescription _operation = new(
        "getOpenApi",
        "GET",
        null,
        "Get this description",
        "Returns this description in OpenAPI 3.1. `servers` contains the URL that the caller used."
    )
    {
        IsOData = false,
        Answers = [ResponseDescription.Ok("The description.", Schemas.OpenApi)],
    };

    /// <summary>Registers the services that create the document. The first request creates it.</summary>
    public static void AddDescription(this IServiceCollection services)
    {
        services.AddOpenApi(
            Name,
            options =>
                options.AddDocumentTransformer(
                    (document, context, _) =>
                    {
                        var endpoints = context.ApplicationServices.GetRequiredService<EndpointDataSource>().Endpoints;
                        ApiDocument.Fill(document, endpoints.OfType<RouteEndpoint>());
                        document.Servers = [new OpenApiServer { Url = Root }];
                        return Task.CompletedTask;
                    }
                )
        );
        services.AddSingleton(provider => new Lazy<Task<SplitDocument>>(() => MakeAsync(provider)));
    }

    public static void MapDescription(this IEndpointRouteBuilder routes)
    {
        routes.MapAnonymous(_operation, $"/openapi/{Name}.json", WriteDocumentAsync);
        routes.MapReference();
    }

    // The page is for users. The document does not describe it because programs have no use for it.
    private static void MapReference(this IEndpointRouteBuilder routes) =>
        routes
            .MapScalarApiReference(
                "/docs",
                (options, http) =>
                {
                    var nonce = RandomNumberGenerator.GetHexString(32);
                    options.Nonce = nonce;
                    http.Response.Headers.ContentSecurityPolicy =
                        $"default-src 'none'; script-src 'nonce-{nonce}' 'self'; style-src 'self' 'unsafe-inline'; "
                        + "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
                        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
                    options.Title = "IndustryData";
                    options.OpenApiRoutePattern = $"/openapi/{Name}.json";

                    // The page loads no resources from other hosts and sends no data to them.
                    options.DefaultFonts = false;
                    options.Telemetry = false;
                    options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
                    options.HideClientButton = true;
                    options.DisableAgent().DisableMcp().AddPreferredSecuritySchemes(ApiDocument.Bearer);
                }
            )
            .AllowAnonymous()
            .WithMetadata(
                new HttpMethodMetadata(["GET", "HEAD"]),
                new ProducesResponseTypeMetadata(_operation.Answers[0].Status)
            )
            .Add(endpoint => endpoint.RequestDelegate = AllowCaching(endpoint.RequestDelegate!));

    // The resources of the page are large, and they are the same for all users.
    private static RequestDelegate AllowCaching(RequestDelegate write) =>
        http =>
        {
            http.Response.Headers.Remove("Cache-Control");
            return write(http);
        };

    private static async Task WriteDocumentAsync(HttpContext http)
    {
        var (before, after) = await http.RequestServices.GetRequiredService<Lazy<Task<SplitDocument>>>().Value;
        var root = JsonEncodedText
            .Encode(ServiceRoot.Of(http.Request).TrimEnd('/'), JavaScriptEncoder.UnsafeRelaxedJsonEscaping)
            .EncodedUtf8Bytes.ToArray();
        http.Response.ContentType = "application/json;charset=utf-8";
        http.Response.ContentLength = before.Length + root.Length + after.Length;
        await WriteInPiecesAsync(http, before);
        await WriteInPiecesAsync(http, root);
        await WriteInPiecesAsync(http, after);
    }

    // If the client reads slowly, the server buffers only one or two segments instead of the whole document.
    private static async Task WriteInPiecesAsync(HttpContext http, ReadOnlyMemory<byte> bytes)
    {
        for (; bytes.Length > 0; bytes = bytes[Math.Min(bytes.Length, PooledBufferWriter.SegmentSize)..])
        {
            var piece = bytes[..Math.Min(bytes.Length, PooledBufferWriter.SegmentSize)];
            await http.Response.BodyWriter.WriteAsync(piece, http.RequestAborted);
        }
    }

    private static async Task<SplitDocument> MakeAsync(IServiceProvider provider)
    {
        await using var scope = provider.CreateAsyncScope();
        var source = scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name);
        var document = await source.GetOpenApiDocumentAsync();
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        document.SerializeAsV31(new OpenApiJsonWriter(text));
        var halves = text.ToString().Split(Root);
        return new SplitDocument(Encoding.UTF8.GetBytes(halves[0]), Encoding.UTF8.GetBytes(halves[1]));
    }

    /// <summary>The parts of the document before and after the service root.</summary>
    private sealed record SplitDocument(byte[] Before, byte[] After);
}
