using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.HttpsPolicy;

namespace IndustryData.WebApi.Http;

/// <summary>
/// The settings of the header <c>Strict-Transport-Security</c> (configuration section <c>Hsts</c>). The header is sent
/// over HTTPS if the section has a setting.
/// </summary>
internal sealed record HstsSettings
{
    /// <summary>The name of the configuration section.</summary>
    public const string Section = "Hsts";

    /// <summary>The time for which browsers use only HTTPS, from zero to ten years. Zero ends it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>True if the header also applies to the subdomains.</summary>
    public bool IncludeSubDomains { get; init; }

    /// <summary>True if browsers may add the host to their preload lists.</summary>
    public bool Preload { get; init; }

    /// <summary>Applies the settings to the options of the middleware.</summary>
    public void Apply(HstsOptions options) =>
        (options.MaxAge, options.IncludeSubDomains, options.Preload) = (MaxAge, IncludeSubDomains, Preload);
}
