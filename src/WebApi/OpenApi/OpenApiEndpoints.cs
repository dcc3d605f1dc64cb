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

/// <summary>The service's description of itself: <c>/openapi/v1.json</c> for programs, <c>/docs</c> for people.</summary>
internal static class OpenApiEndpoints
{
    private const string Name = "v1";

    // Stands in the kept document for the service root, which depends on how the caller reached the service.
    private const string Root = "{root}";

    /// <summary>Adds what the description is made by; it is made when somebody asks for it, not before.</summary>
    public static void AddDescription(this IServiceCollection services)
    {
        services.AddOpenApi(Name, options => options.AddDocumentTransformer((document, context, _) =>
        {
            ApiDocument.Fill(document, context.ApplicationServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>());
            document.Servers = [new OpenApiServer { Url = Root }];
            return Task.CompletedTask;
        }));
        services.AddSingleton(provider => new Lazy<Task<SplitDocument>>(() => MakeAsync(provider)));
    }

    /// <summary>Says what a route does.</summary>
    public static IEndpointConventionBuilder WithOperation(this IEndpointConventionBuilder route, OperationDescription operation) => route.WithMetadata(operation);

    public static void MapDescription(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods($"/openapi/{Name}.json", ["GET", "HEAD"], WriteDocumentAsync)
            .AllowAnonymous()
            .WithMetadata(new ProducesResponseTypeMetadata(200))
            .WithOperation(new OperationDescription("getOpenApi", "This description", "OpenAPI 3.1. `servers` has the address that the caller used.") { Answers = [ResponseDescription.Json(200, "The description.", Schemas.OpenApi)] });
        routes.MapReference();
    }

    // For people: nothing that a program could call, so that the document does not describe it.
    private static void MapReference(this IEndpointRouteBuilder routes) =>
        routes.MapScalarApiReference("/docs", (options, http) =>
            {
                var nonce = RandomNumberGenerator.GetHexString(32);
                options.Nonce = nonce;
                http.Response.Headers.ContentSecurityPolicy =
                    $"default-src 'none'; script-src 'nonce-{nonce}' 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
                options.Title = "IndustryData";
                options.OpenApiRoutePattern = $"/openapi/{Name}.json";

                // Nothing of the page comes from elsewhere, and nothing goes there.
                options.DefaultFonts = false;
                options.Telemetry = false;
                options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
                options.HideClientButton = true;
                options.DisableAgent().DisableMcp().AddPreferredSecuritySchemes(ApiDocument.Bearer);
            })
            .AllowAnonymous()
            .WithMetadata(new HttpMethodMetadata(["GET", "HEAD"]), new ProducesResponseTypeMetadata(200))
            .Add(endpoint => endpoint.RequestDelegate = AllowCaching(endpoint.RequestDelegate!));

    // The parts of the page are large, and the same for everybody.
    private static RequestDelegate AllowCaching(RequestDelegate write) => http =>
    {
        http.Response.Headers.Remove("Cache-Control");
        return write(http);
    };

    private static async Task WriteDocumentAsync(HttpContext http)
    {
        var (before, after) = await http.RequestServices.GetRequiredService<Lazy<Task<SplitDocument>>>().Value;
        var root = JsonEncodedText.Encode(ServiceUrls.Root(http.Request).TrimEnd('/'), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.ToArray();
        http.Response.ContentType = "application/json;charset=utf-8";
        http.Response.ContentLength = before.Length + root.Length + after.Length;
        await WriteInPiecesAsync(http, before);
        await WriteInPiecesAsync(http, root);
        await WriteInPiecesAsync(http, after);
    }

    // Of what a caller does not take, the server then holds a piece or two, and not all.
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
        var document = await scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync();
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        document.SerializeAsV31(new OpenApiJsonWriter(text));
        var halves = text.ToString().Split(Root);
        return new SplitDocument(Encoding.UTF8.GetBytes(halves[0]), Encoding.UTF8.GetBytes(halves[1]));
    }

    /// <summary>The document before and after the service root.</summary>
    private sealed record SplitDocument(byte[] Before, byte[] After);
}
