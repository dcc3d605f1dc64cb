using System.ComponentModel.DataAnnotations;

namespace IndustryData.WebApi.Http;

/// <summary>The settings of the audit log (configuration section <c>Audit</c>).</summary>
internal sealed class AuditOptions
{
    public const string Section = "Audit";

    /// <summary>False to write no audit events.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// The file to which events are appended. A new file begins every day and after 1 GiB, with the date before the
    /// extension. If it is empty, events are written to standard output.
    /// </summary>
    public string Path { get; set; } = "";

    /// <summary>The number of days after which a file is deleted. If 0, files are kept forever.</summary>
    [Range(0, 36500)]
    public int RetentionDays { get; set; } = 365;
}
