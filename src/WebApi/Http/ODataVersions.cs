using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Primitives;

namespace IndustryData.WebApi.Http;

/// <summary>The versions of OData that requests may be written in, and answers asked for.</summary>
internal static partial class ODataVersions
{
    /// <summary>The version that every answer is written in.</summary>
    public const string Written = "4.0";

    private const decimal Lowest = 4.0m;
    private const decimal Highest = 4.01m;

    /// <summary>
    /// What is wrong with the versions that a request names; null when nothing is. Nothing was named: nothing is.
    /// </summary>
    public static string? FaultOf(HttpRequest request)
    {
        var (version, most) = (request.Headers["OData-Version"], request.Headers["OData-MaxVersion"]);

        // OData Protocol §8.1.5: what cannot be understood by the rules of its version fails.
        if (!IsPlain(version) && Read(version) is not (Lowest or Highest))
        {
            return "OData-Version must be 4.0 or 4.01: requests are read by the rules of no other version. Send one of them, or leave the header out.";
        }

        // §8.2.7: the answer has the greatest version that is not above this one, and there is none below 4.0.
        return !IsPlain(most) && Read(most) is not >= Lowest
            ? "OData-MaxVersion must be a version of 4.0 or above: answers are written in 4.0. Send 4.0, or leave the header out."
            : null;
    }

    private static bool IsPlain(StringValues header) =>
        header.Count == 0 || (header.Count == 1 && header[0] is "4.0" or "4.01");

    private static decimal? Read(StringValues header) =>
        header is [{ } text]
        && Version().IsMatch(text.Trim())
        && decimal.TryParse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out var version
        )
            ? version
            : null;

    [GeneratedRegex(@"\A[0-9]{1,4}\.[0-9]{1,4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
