using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.OData;

/// <summary>The amount of control information in a payload (OData JSON Format §3.1).</summary>
internal enum MetadataLevel
{
    /// <summary>Only the links to further data, and counts.</summary>
    None,

    /// <summary>Only the control information that a client cannot compute from the model.</summary>
    Minimal,

    /// <summary>All control information.</summary>
    Full,
}

/// <summary>A variant of the JSON format that a caller can request with <c>Accept</c> or <c>$format</c>.</summary>
internal sealed class ODataFormat
{
    /// <summary>
    /// The message of the error for a request for an unsupported format. It lists the supported formats.
    /// </summary>
    public const string NotAcceptableMessage =
        "The response is application/json with odata.metadata=none, minimal or full, "
        + "IEEE754Compatible=true or false, and charset=utf-8; "
        + "request one of these formats with Accept or $format, or omit both.";

    /// <summary>The format of the response if the client requests none.</summary>
    public static readonly ODataFormat Default = new(MetadataLevel.Minimal, numbersAsText: false);

    /// <summary>All formats of payloads.</summary>
    public static readonly IReadOnlyList<ODataFormat> All =
    [
        Default,
        new(MetadataLevel.Minimal, numbersAsText: true),
        new(MetadataLevel.None, numbersAsText: false),
        new(MetadataLevel.None, numbersAsText: true),
        new(MetadataLevel.Full, numbersAsText: false),
        new(MetadataLevel.Full, numbersAsText: true),
    ];

    private ODataFormat(MetadataLevel level, bool numbersAsText)
    {
        Level = level;
        Ieee754Compatible = numbersAsText;
        ContentType =
            $"application/json;odata.metadata={level.ToString().ToLowerInvariant()};odata.streaming=true;"
            + $"IEEE754Compatible={(numbersAsText ? "true" : "false")};charset=utf-8";
    }

    /// <summary>The amount of control information.</summary>
    public MetadataLevel Level { get; }

    /// <summary>True if 64-bit numbers are written as strings (<c>IEEE754Compatible=true</c>, §3.2).</summary>
    public bool Ieee754Compatible { get; }

    /// <summary>The value of the <c>Content-Type</c> header.</summary>
    public string ContentType { get; }

    /// <summary>Returns the format of the response to a request.</summary>
    public static ODataFormat GetCurrent(HttpContext http) => http.Features.Get<ODataFormat>() ?? Default;

    /// <summary>Selects the format that the caller prefers.</summary>
    /// <param name="http">The request.</param>
    /// <param name="format">
    /// The value of <c>$format</c>, which overrides <c>Accept</c> (OData Protocol §11.2.12); null if the request does
    /// not have it.
    /// </param>
    /// <returns>Returns false if the caller accepts no supported format.</returns>
    public static bool TryNegotiate(HttpContext http, string? format)
    {
        // Fast path: nearly every request has no Accept header or one of these two values.
        if (
            format is null
            && (
                http.Request.Headers.Accept is not [{ Length: > 0 } accept, ..] all
                || (all.Count == 1 && accept is "application/json" or "*/*")
            )
        )
        {
            return true;
        }

        var chosen = format is null ? FromAccept(http.Request.Headers.Accept) : FromFormatOption(format);
        if (chosen is not null && chosen != Default)
        {
            http.Features.Set(chosen);
        }

        return chosen is not null;
    }

    /// <summary>
    /// Returns the quality of a media type for the caller, from 0 (not acceptable) to 1. Without <c>Accept</c>, every
    /// media type is acceptable (RFC 9110 §12.5.1).
    /// </summary>
    public static double Quality(HttpRequest request, string mediaType)
    {
        var accept = request.Headers.Accept;
        if (string.IsNullOrWhiteSpace(accept.ToString()))
        {
            return 1;
        }

        var wanted = new MediaTypeHeaderValue(mediaType);
        return MediaTypeHeaderValue.TryParseList(accept, out var ranges)
            ? ranges
                .Where(r => wanted.IsSubsetOf(new MediaTypeHeaderValue(r.MediaType)))
                .OrderBy(Generality)
                .Select(r => r.Quality ?? 1)
                .FirstOrDefault()
            : 0;
    }

    /// <summary>
    /// Returns the format for a value of <c>$format</c>: a media type, or <c>json</c>, which has no parameters; null if
    /// the value is not supported.
    /// </summary>
    private static ODataFormat? FromFormatOption(string format) =>
        format.Equals("json", StringComparison.OrdinalIgnoreCase) ? Default
        : MediaTypeHeaderValue.TryParse(format, out var type)
        && !type.MatchesAllSubTypes
        && Range.Read(type) is { } range
            ? All.First(range.Matches)
        : null;

    private static ODataFormat? FromAccept(StringValues accept)
    {
        if (string.IsNullOrWhiteSpace(accept.ToString()))
        {
            return Default;
        }

        if (!MediaTypeHeaderValue.TryParseList(accept, out var types))
        {
            return null;
        }

        var ranges = types.Select(Range.Read).OfType<Range>().ToList();
        return All.Select(f => (Format: f, Range: ranges.Where(r => r.Matches(f)).MaxBy(r => r.Precision)))
            .Where(f => f.Range is { Quality: > 0 })
            .OrderByDescending(f => f.Range!.Quality)
            .ThenByDescending(f => f.Range!.Precision)
            .Select(f => f.Format)
            .FirstOrDefault();
    }

    private static int Generality(MediaTypeHeaderValue range) =>
        range.MatchesAllTypes ? 2
        : range.MatchesAllSubTypes ? 1
        : 0;

    /// <summary>
    /// The variants of JSON that one element of <c>Accept</c> allows. If several elements allow the same variant, the
    /// most precise element applies (RFC 9110 §12.5.1).
    /// </summary>
    private sealed record Range(double Quality, int Precision, MetadataLevel? Level, bool? NumbersAsText)
    {
        /// <summary>
        /// Reads one element of <c>Accept</c>. A parameter that is unknown or has an unsupported value makes the
        /// element a different format (OData Protocol §8.2.1).
        /// </summary>
        /// <returns>The variants; null if the element does not include JSON as this service writes it.</returns>
        public static Range? Read(MediaTypeHeaderValue type)
        {
            if (!type.MatchesAllTypes && !type.Type.Equals("application", StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }

            if (!type.MatchesAllSubTypes && !type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase))
            {
                return null;
            }

            var range = new Range(type.Quality ?? 1, 2 - Generality(type), null, null);
            foreach (var parameter in type.Parameters)
            {
                var value = HeaderUtilities.RemoveQuotes(parameter.Value).ToString().ToLowerInvariant();
                var next = (parameter.Name.ToString().ToLowerInvariant(), value) switch
                {
                    ("odata.metadata" or "metadata", "none") => range with { Level = MetadataLevel.None },
                    ("odata.metadata" or "metadata", "minimal") => range with { Level = MetadataLevel.Minimal },
                    ("odata.metadata" or "metadata", "full") => range with { Level = MetadataLevel.Full },
                    ("ieee754compatible", "true") => range with { NumbersAsText = true },
                    ("ieee754compatible", "false") => range with { NumbersAsText = false },
                    ("q", _) => range,

                    // Members are always in streaming order. There are no decimal numbers that could have an exponent.
                    ("odata.streaming" or "streaming" or "exponentialdecimals", "true" or "false") => range,
                    ("charset", "utf-8") => range,
                    _ => null,
                };
                if (next is null)
                {
                    return null;
                }

                range = next with
                {
                    Precision =
                        next.Precision + (parameter.Name.Equals("q", StringComparison.OrdinalIgnoreCase) ? 0 : 1),
                };
            }

            return range;
        }

        public bool Matches(ODataFormat format) =>
            (Level ?? format.Level) == format.Level
            && (NumbersAsText ?? format.Ieee754Compatible) == format.Ieee754Compatible;
    }
}
