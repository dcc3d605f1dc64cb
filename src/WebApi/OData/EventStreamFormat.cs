using IndustryData.WebApi.Http;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.OData;

/// <summary>Decides whether a caller wants a stream of events instead of a page.</summary>
internal static class EventStreamFormat
{
    /// <summary>Checks the header <c>Accept</c>, unless <c>$format</c> overrides it.</summary>
    /// <returns>
    /// Returns true if the header names the media type of event streams, and does not prefer JSON. A wildcard does not
    /// name it.
    /// </returns>
    public static bool IsWanted(HttpRequest request)
    {
        // Nearly no request has it.
        var accept = request.Headers.Accept;
        if (!accept.ToString().Contains(MediaTypes.EventStream, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        if (
            request.Query.ContainsKey(ODataQueryString.Format)
            || request.Query.ContainsKey(ODataQueryString.Format[1..])
            || !MediaTypeHeaderValue.TryParseList(accept, out var ranges)
        )
        {
            return false;
        }

        double QualityOf(string mediaType) =>
            ranges
                .Where(r => r.MediaType.Equals(mediaType, StringComparison.OrdinalIgnoreCase))
                .Select(r => r.Quality ?? 1)
                .DefaultIfEmpty(0)
                .Max();
        return QualityOf(MediaTypes.EventStream) > QualityOf(MediaTypes.Json);
    }
}
