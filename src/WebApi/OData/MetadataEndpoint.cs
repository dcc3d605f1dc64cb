using IndustryData.WebApi.Http;
using IndustryData.WebApi.OpenApi;

namespace IndustryData.WebApi.OData;

/// <summary>
/// The endpoint for <c>$metadata</c>. It returns CSDL as XML, or as JSON if the request asks for JSON (OData Protocol
/// §11.1.2).
/// </summary>
internal static class MetadataEndpoint
{
    private static readonly string[] _options = [ODataQueryString.Format];

    private static readonly OperationDescription _operation = new(
        "getMetadata",
        "The model",
        "The entity data model as CSDL: XML, or JSON for those who ask."
    )
    {
        Answers =
        [
            new ResponseDescription(
                200,
                "The model.",
                new Dictionary<string, string>
                {
                    ["application/xml"] = Schemas.Csdl,
                    ["application/json"] = Schemas.CsdlJson,
                },
                []
            ),
        ],
    };

    public static void MapMetadata(this IEndpointRouteBuilder routes) =>
        routes
            .MapMethods("/$metadata", ["GET", "HEAD"], WriteAsync)
            .AllowAnonymous()
            .WithMetadata(
                new ProducesResponseTypeMetadata(200),
                new ProducesResponseTypeMetadata(400),
                new ProducesResponseTypeMetadata(406),
                new SupportedQueryOptions(_options)
            )
            .WithOperation(_operation);

    private static async Task WriteAsync(HttpContext http)
    {
        if (await Routes.ReadAsync(http, _options, media: null) is not { } options)
        {
            return;
        }

        // $format takes precedence over Accept. If Accept gives both formats the same quality, the response is XML.
        var likesXml = ODataFormat.Quality(http.Request, "application/xml");
        var likesJson = ODataFormat.Quality(http.Request, "application/json");
        bool? isXml = options[ODataQueryString.Format] switch
        {
            null => likesXml > 0 && likesXml >= likesJson ? true
            : likesJson > 0 ? false
            : null,
            "xml" or "application/xml" => true,
            "json" => false,
            var media when media.StartsWith("application/json", StringComparison.Ordinal) => false,
            _ => null,
        };
        if (isXml is not { } xml)
        {
            await http.WriteErrorAsync(
                StatusCodes.Status406NotAcceptable,
                "notAcceptable",
                "The metadata are CSDL in XML or JSON; "
                    + "send 'Accept: application/xml' or 'application/json', or $format=xml or json."
            );
            return;
        }

        http.Response.ContentType = xml ? "application/xml;charset=utf-8" : "application/json;charset=utf-8";
        await http.Response.Body.WriteAsync(xml ? RunEdmModel.Xml : RunEdmModel.Json, http.RequestAborted);
    }
}
