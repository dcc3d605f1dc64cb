using System.Globalization;
using IndustryData.Application.Runs;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Formats and compares entity tags. The entity tag of a run is its version. It is weak, because a run has several
/// representations (RFC 9110 §8.8.1).
/// </summary>
internal static class EntityTags
{
    /// <summary>Returns the entity tag of a version.</summary>
    public static string Format(long version) => $"W/\"{version}\"";

    /// <summary>Reads the condition of a write (<c>If-Match</c>).</summary>
    /// <returns>
    /// The condition; null if the request was rejected. In this case, the error response has been written.
    /// </returns>
    public static async Task<VersionCondition?> ReadIfMatchAsync(HttpContext http)
    {
        if (http.Request.Headers.IfNoneMatch.Count > 0)
        {
            await http.WriteBadRequestAsync(
                "unsupportedCondition",
                "If-None-Match is supported only for reads; send the ETag of the run in If-Match."
            );
            return null;
        }

        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0 || header == "*")
        {
            return new VersionCondition(null);
        }

        if (!EntityTagHeaderValue.TryParseList(header, out var tags))
        {
            await http.WriteBadRequestAsync(
                "malformedEntityTag",
                "If-Match must be the ETag of the run, including the quotes, for example W/\"1\"."
            );
            return null;
        }

        // A tag that is not a version matches no run.
        return new VersionCondition([
            .. tags.Select(t =>
                long.TryParse(
                    t.Tag.AsSpan().Trim('"'),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var version
                )
                    ? version
                    : -1
            ),
        ]);
    }

    /// <summary>Evaluates <c>If-None-Match</c>.</summary>
    /// <returns>Returns true if the caller already has this version.</returns>
    public static bool MatchesIfNoneMatch(HttpContext http, long version) =>
        EntityTagHeaderValue.TryParseList(http.Request.Headers.IfNoneMatch, out var known)
        && known.Any(k => k.Tag == "*" || k.Tag == $"\"{version}\"");
}
