using System.ComponentModel.DataAnnotations;

namespace IndustryData.Application.Common;

/// <summary>How long a write may take (configuration section <c>Commit</c>).</summary>
public sealed record CommitOptions
{
    /// <summary>
    /// How long a write waits for its commit, for example for a synchronous standby: 1 second to 5 minutes. After that
    /// its outcome is unknown, and its sender is told so.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
