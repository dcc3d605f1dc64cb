using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Service;

/// <summary>
/// The endpoint for <c>$metadata</c>. It returns CSDL as XML, or as JSON if the request asks for JSON (OData Protocol
/// §11.1.2).
/// </summary>
internal static class MetadataEndpoint
{
    private static readonly OperationDescription _operation = new(
        "getMetadata",
        "GET",
        null,
        "Get the model",
        "Returns the entity data model as CSDL in XML, or in JSON if the request accepts only JSON."
    )
    {
        QueryOptions = [ODataQueryString.Format],
        Answers =
        [
            ResponseDescription.Ok(
                "The model.",
                (MediaTypes.Xml, ServiceSchemas.Csdl),
                (MediaTypes.Json, ServiceSchemas.CsdlJson)
            ),
        ],
    };

    public static void MapMetadata(this IEndpointRouteBuilder routes) =>
        routes.MapAnonymous(_operation, "/$metadata", WriteAsync);

    private static async Task WriteAsync(HttpContext http)
    {
        if (await ODataRoutes.ReadAsync(http, _operation.QueryOptions, mediaType: null) is not { } options)
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
            await http.WriteNotAcceptableAsync(
                "The metadata are CSDL in XML or JSON; "
                    + "send 'Accept: application/xml' or 'application/json', or $format=xml or json."
            );
            return;
        }

        http.Response.ContentType = xml ? "application/xml;charset=utf-8" : "application/json;charset=utf-8";
        await http.Response.Body.WriteAsync(xml ? RunEdmModel.Xml : RunEdmModel.Json, http.RequestAborted);
    }
}
