using System.ComponentModel.DataAnnotations;

namespace IndustryData.Application.Common;

/// <summary>The timeout for writes (configuration section <c>Commit</c>).</summary>
public sealed record CommitOptions
{
    /// <summary>
    /// The time that a write waits for its commit, for example for a synchronous standby: 1 second to 5 minutes. After
    /// the timeout the outcome is unknown, and the response says so.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
