using System.Net.Mime;

namespace IndustryData.WebApi.Http;

/// <summary>The media types of payloads.</summary>
internal static class MediaTypes
{
    public const string Json = MediaTypeNames.Application.Json;
    public const string Xml = MediaTypeNames.Application.Xml;
    public const string Text = MediaTypeNames.Text.Plain;
    public const string EventStream = MediaTypeNames.Text.EventStream;
    public const string Html = MediaTypeNames.Text.Html;

    /// <summary>Returns true if <c>Accept</c> names HTML first, as browsers do.</summary>
    public static bool PrefersHtml(HttpRequest request) =>
        request.Headers.Accept.ToString().AsSpan().TrimStart().StartsWith(Html, StringComparison.OrdinalIgnoreCase);
}
