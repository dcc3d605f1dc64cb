using System.Net.Mime;

namespace IndustryData.WebApi.Http;

/// <summary>The media types of payloads.</summary>
internal static class MediaTypes
{
    public const string Json = MediaTypeNames.Application.Json;
    public const string Xml = MediaTypeNames.Application.Xml;
    public const string Text = MediaTypeNames.Text.Plain;
}
