using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.OData;

/// <summary><c>$metadata</c>: CSDL as XML, or as JSON for those who ask (OData Protocol §11.1.2).</summary>
internal static class MetadataEndpoint
{
    public static void MapMetadata(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/$metadata", ["GET", "HEAD"], WriteAsync).AllowAnonymous()
            .WithMetadata(new ProducesResponseTypeMetadata(200), new ProducesResponseTypeMetadata(400), new ProducesResponseTypeMetadata(406));

    private static async Task WriteAsync(HttpContext http)
    {
        if (await Routes.ReadAsync(http, [QueryOptions.Format], media: null) is not { } options)
        {
            return;
        }

        // $format wins over Accept; who likes both as much gets XML.
        var (likesXml, likesJson) = (ODataFormat.Quality(http.Request, "application/xml"), ODataFormat.Quality(http.Request, "application/json"));
        bool? isXml = options[QueryOptions.Format] switch
        {
            null => likesXml > 0 && likesXml >= likesJson ? true : likesJson > 0 ? false : null,
            "xml" or "application/xml" => true,
            "json" => false,
            var media when media.StartsWith("application/json", StringComparison.Ordinal) => false,
            _ => null,
        };
        if (isXml is not { } xml)
        {
            await http.RefuseAsync(StatusCodes.Status406NotAcceptable, "notAcceptable", "The metadata are CSDL in XML or JSON; send 'Accept: application/xml' or 'application/json', or $format=xml or json.");
            return;
        }

        http.Response.ContentType = xml ? "application/xml;charset=utf-8" : "application/json;charset=utf-8";
        await http.Response.Body.WriteAsync(xml ? RunModel.Xml : RunModel.Json, http.RequestAborted);
    }
}
