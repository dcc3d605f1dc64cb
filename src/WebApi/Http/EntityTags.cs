using System.Globalization;
using IndustryData.Application.Runs;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Entity tags: a run's version, weak, because the same run has several representations (RFC 9110 §8.8.1).
/// </summary>
internal static class EntityTags
{
    /// <summary>The tag of a version.</summary>
    public static string Format(long version) => $"W/\"{version}\"";

    /// <summary>Reads the condition of a write.</summary>
    /// <returns>Null when the request has been answered with a refusal.</returns>
    public static async Task<IfMatchCondition?> ReadIfMatchAsync(HttpContext http)
    {
        if (http.Request.Headers.IfNoneMatch.Count > 0)
        {
            await http.WriteErrorAsync(
                StatusCodes.Status400BadRequest,
                "unsupportedCondition",
                "If-None-Match is for reading; send the ETag that you have seen in If-Match."
            );
            return null;
        }

        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0 || header == "*")
        {
            return new IfMatchCondition(null);
        }

        if (!EntityTagHeaderValue.TryParseList(header, out var tags))
        {
            await http.WriteErrorAsync(
                StatusCodes.Status400BadRequest,
                "malformedEntityTag",
                "If-Match must hold the ETag of the run, like W/\"1\", quotes included."
            );
            return null;
        }

        // A tag that is no version of ours is one that no run has.
        return new IfMatchCondition([
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

    /// <summary>Whether the caller has this version already (<c>If-None-Match</c>).</summary>
    public static bool MatchesIfNoneMatch(HttpContext http, long version) =>
        EntityTagHeaderValue.TryParseList(http.Request.Headers.IfNoneMatch, out var known)
        && known.Any(k => k.Tag == "*" || k.Tag == $"\"{version}\"");
}
