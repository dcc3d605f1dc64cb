using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Primitives;

namespace IndustryData.WebApi.Http;

/// <summary>The OData versions of requests and responses.</summary>
internal static partial class ODataVersions
{
    /// <summary>The version of every response.</summary>
    public const string Written = "4.0";

    private const decimal Lowest = 4.0m;
    private const decimal Highest = 4.01m;

    /// <summary>Validates the OData versions that a request names.</summary>
    /// <returns>The error message; null if the versions are supported or the request names none.</returns>
    public static string? FaultOf(HttpRequest request)
    {
        var (version, most) = (request.Headers["OData-Version"], request.Headers["OData-MaxVersion"]);

        // A request fails if it cannot be interpreted according to the rules of its version (OData Protocol §8.1.5).
        if (!IsPlain(version) && Read(version) is not (Lowest or Highest))
        {
            return "OData-Version must be 4.0 or 4.01: no other version of requests is supported. "
                + "Send one of these versions, or omit the header.";
        }

        // The response has the highest supported version that is not above this one (§8.2.7). There is none below 4.0.
        return !IsPlain(most) && Read(most) is not >= Lowest
            ? "OData-MaxVersion must be 4.0 or above: responses have the version 4.0. Send 4.0, or omit the header."
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
