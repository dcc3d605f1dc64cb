using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Http;

/// <summary>
/// What a caller would like best (<c>Prefer</c>, RFC 7240). A preference that is unknown or cannot be met is ignored.
/// </summary>
internal static class Preferences
{
    private const string UnknownMembers = "include-unknown-enum-members";

    /// <summary>Whether the caller wants the written entity back; null when it does not say.</summary>
    public static bool? ReturnRepresentation(HttpContext http)
    {
        foreach (var preference in GetPreferences(http))
        {
            var parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts is [var name, var value] && name.Equals("return", StringComparison.OrdinalIgnoreCase))
            {
                switch (HeaderUtilities.RemoveQuotes(value).Value)
                {
                    case "representation":
                        return true;
                    case "minimal":
                        return false;
                }
            }
        }

        return null;
    }

    /// <summary>Tells the caller that its wish for the entity, or for none, is met.</summary>
    /// <returns>The wish; null when it does not say.</returns>
    public static bool? ApplyReturnPreference(HttpContext http)
    {
        var wish = ReturnRepresentation(http);
        if (wish is { } representation)
        {
            AddPreferenceApplied(http, representation ? "return=representation" : "return=minimal");
        }

        return wish;
    }

    /// <summary>Tells the caller that its wish for the entity, or for none, is met, if it is.</summary>
    /// <param name="http">The request.</param>
    /// <param name="isRepresentation">
    /// Whether the answer has the entity. A repeat under an idempotency key is answered as the first request was.
    /// </param>
    public static void ApplyReturnPreference(HttpContext http, bool isRepresentation)
    {
        if (ReturnRepresentation(http) == isRepresentation)
        {
            AddPreferenceApplied(http, isRepresentation ? "return=representation" : "return=minimal");
        }
    }

    /// <summary>
    /// The page size that the caller would like at most (<c>odata.maxpagesize</c>, OData Protocol §8.2.8.5); null when
    /// it does not say.
    /// </summary>
    public static int? MaxPageSize(HttpContext http)
    {
        foreach (var preference in GetPreferences(http))
        {
            var parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (
                parts is [var name, var value]
                && (
                    name.Equals("odata.maxpagesize", StringComparison.OrdinalIgnoreCase)
                    || name.Equals("maxpagesize", StringComparison.OrdinalIgnoreCase)
                )
                && int.TryParse(
                    HeaderUtilities.RemoveQuotes(value).Value,
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var size
                )
                && size > 0
            )
            {
                return size;
            }
        }

        return null;
    }

    /// <summary>Tells the caller which page size was kept to.</summary>
    public static void ApplyMaxPageSize(HttpContext http, int size) =>
        AddPreferenceApplied(http, $"odata.maxpagesize={size}");

    /// <summary>
    /// Tells a caller that wants every member of an enumeration by its name, new ones too, that it gets them
    /// (api-guidelines, evolvable enums). Today there are none to keep back.
    /// </summary>
    public static void ApplyUnknownMembers(HttpContext http)
    {
        if (
            GetPreferences(http)
                .Any(p => p.Split(';', '=')[0].Trim().Equals(UnknownMembers, StringComparison.OrdinalIgnoreCase))
        )
        {
            AddPreferenceApplied(http, UnknownMembers);
        }
    }

    // Asked several times a request, of which nearly none has a preference.
    private static string[] GetPreferences(HttpContext http) =>
        http.Request.Headers["Prefer"].Count == 0 ? [] : http.Request.Headers.GetCommaSeparatedValues("Prefer");

    // One header for all of them (RFC 7240 §3).
    private static void AddPreferenceApplied(HttpContext http, string preference)
    {
        var before = http.Response.Headers["Preference-Applied"].ToString();
        http.Response.Headers["Preference-Applied"] = before.Length > 0 ? $"{before}, {preference}" : preference;
    }
}
