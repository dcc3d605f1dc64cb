using System.ComponentModel.DataAnnotations;

namespace IndustryData.Application.Runs;

/// <summary>How much of the database one query may take (configuration section <c>Query</c>).</summary>
public sealed record ReadTimeoutOptions
{
    /// <summary>How long a list, a count or a sum may take in the database; then it is cancelled there.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
