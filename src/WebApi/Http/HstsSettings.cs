using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.HttpsPolicy;

namespace IndustryData.WebApi.Http;

/// <summary>
/// The header <c>Strict-Transport-Security</c> (configuration section <c>Hsts</c>). It is sent over HTTPS if the
/// section has a setting.
/// </summary>
internal sealed record HstsSettings
{
    /// <summary>The name of the section.</summary>
    public const string Section = "Hsts";

    /// <summary>How long browsers use only HTTPS. From zero, which ends it, to ten years.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Whether it concerns the subdomains too.</summary>
    public bool IncludeSubDomains { get; init; }

    /// <summary>Whether browsers may put the host into their lists.</summary>
    public bool Preload { get; init; }

    /// <summary>Applies the settings to the middleware's options.</summary>
    public void Apply(HstsOptions options) =>
        (options.MaxAge, options.IncludeSubDomains, options.Preload) = (MaxAge, IncludeSubDomains, Preload);
}
