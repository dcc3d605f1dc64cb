using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Reads the preferences of a request (<c>Prefer</c>, RFC 7240) and confirms them in the response. A preference that is
/// unknown or cannot be met is ignored.
/// </summary>
internal static class Preferences
{
    private const string UnknownMembers = "include-unknown-enum-members";

    /// <summary>Reads the preference for the response to a write (<c>return</c>).</summary>
    /// <returns>
    /// Returns true if the caller wants the written entity, false if it does not want it; null if it states no
    /// preference.
    /// </returns>
    public static bool? ReturnRepresentation(HttpContext http)
    {
        // Nearly every request has none or one of these texts, and each write asks for it three times.
        switch (http.Request.Headers["Prefer"].ToString())
        {
            case "":
                return null;
            case "return=minimal":
                return false;
            case "return=representation":
                return true;
        }

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

    /// <summary>Confirms the preference for the response to a write (<c>return</c>).</summary>
    /// <returns>The preference; null if the caller states none.</returns>
    public static bool? ApplyReturnPreference(HttpContext http)
    {
        var wish = ReturnRepresentation(http);
        if (wish is { } representation)
        {
            AddPreferenceApplied(http, representation ? "return=representation" : "return=minimal");
        }

        return wish;
    }

    /// <summary>Confirms the preference for the response to a write (<c>return</c>) if the response meets it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="isRepresentation">
    /// True if the response has the entity. The response to a repeat with an idempotency key has the same form as the
    /// response to the first request.
    /// </param>
    public static void ApplyReturnPreference(HttpContext http, bool isRepresentation)
    {
        if (ReturnRepresentation(http) == isRepresentation)
        {
            AddPreferenceApplied(http, isRepresentation ? "return=representation" : "return=minimal");
        }
    }

    /// <summary>
    /// Returns the maximum page size that the caller prefers (<c>odata.maxpagesize</c>, OData Protocol §8.2.8.5); null
    /// if it states none.
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

    /// <summary>Confirms the page size in the response.</summary>
    public static void ApplyMaxPageSize(HttpContext http, int size) =>
        AddPreferenceApplied(http, $"odata.maxpagesize={size}");

    /// <summary>
    /// Confirms the preference for every member of an enumeration by its name, including new members (api-guidelines,
    /// evolvable enums). There are currently no new members that other callers do not receive.
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

    // This method is called several times for each request. Nearly no request has a preference.
    private static string[] GetPreferences(HttpContext http) =>
        http.Request.Headers["Prefer"].Count == 0 ? [] : http.Request.Headers.GetCommaSeparatedValues("Prefer");

    // One header contains all applied preferences (RFC 7240 §3).
    private static void AddPreferenceApplied(HttpContext http, string preference)
    {
        var before = http.Response.Headers["Preference-Applied"].ToString();
        http.Response.Headers["Preference-Applied"] = before.Length > 0 ? $"{before}, {preference}" : preference;
    }
}
