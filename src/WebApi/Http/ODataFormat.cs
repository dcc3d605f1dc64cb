using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Http;

/// <summary>How much control information a payload has (OData JSON Format §3.1).</summary>
internal enum MetadataLevel
{
    /// <summary>Links to go on with, and counts.</summary>
    None,

    /// <summary>What cannot be computed from the model.</summary>
    Minimal,

    /// <summary>Everything.</summary>
    Full,
}

/// <summary>A form of JSON that a caller can ask for, by <c>Accept</c> or <c>$format</c>.</summary>
internal sealed class ODataFormat
{
    /// <summary>What there is, for those who asked for something else.</summary>
    public const string NotAcceptableMessage =
        "The answer is application/json, with odata.metadata=none, minimal or full, IEEE754Compatible=true or false, and charset=utf-8; ask for that by Accept or $format, or for nothing at all.";

    /// <summary>The format if the client names none.</summary>
    public static readonly ODataFormat Default = new(MetadataLevel.Minimal, numbersAsText: false);

    private static readonly ODataFormat[] _all =
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
            $"application/json;odata.metadata={level.ToString().ToLowerInvariant()};odata.streaming=true;IEEE754Compatible={(numbersAsText ? "true" : "false")};charset=utf-8";
    }

    /// <summary>How much control information there is.</summary>
    public MetadataLevel Level { get; }

    /// <summary>Whether 64-bit numbers are texts (<c>IEEE754Compatible=true</c>, §3.2).</summary>
    public bool Ieee754Compatible { get; }

    /// <summary>The header that goes with it.</summary>
    public string ContentType { get; }

    /// <summary>The format that this request is answered in.</summary>
    public static ODataFormat GetCurrent(HttpContext http) => http.Features.Get<ODataFormat>() ?? Default;

    /// <summary>Settles on the format that the caller likes best.</summary>
    /// <param name="http">The request.</param>
    /// <param name="format">
    /// <c>$format</c>, which wins over <c>Accept</c> (OData Protocol §11.2.12); null when it was not sent.
    /// </param>
    /// <returns>False when the caller takes none.</returns>
    public static bool TryNegotiate(HttpContext http, string? format)
    {
        // What nearly every request says, and by this costs nothing.
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
    /// How much the caller likes a media type, 0 to 1; 0: not at all. No <c>Accept</c> means anything (RFC 9110
    /// §12.5.1).
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

    /// <summary>The format that <c>$format</c> names: a media type, or <c>json</c>, which has no parameters.</summary>
    private static ODataFormat? FromFormatOption(string format) =>
        format.Equals("json", StringComparison.OrdinalIgnoreCase) ? Default
        : MediaTypeHeaderValue.TryParse(format, out var type)
        && !type.MatchesAllSubTypes
        && Range.Read(type) is { } range
            ? _all.First(range.Matches)
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
        return _all.Select(f => (Format: f, Range: ranges.Where(r => r.Matches(f)).MaxBy(r => r.Precision)))
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
    /// What one part of <c>Accept</c> allows of JSON. Of several parts that allow the same the most precise one counts
    /// (RFC 9110 §12.5.1).
    /// </summary>
    private sealed record Range(double Quality, int Precision, MetadataLevel? Level, bool? NumbersAsText)
    {
        /// <summary>
        /// Null when JSON, as it is written here, is not among it: parameters that are unknown or not offered make it
        /// another format (OData Protocol §8.2.1).
        /// </summary>
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

                    // Members always come in the order of streaming, and there are no decimals to write with an
                    // exponent.
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
