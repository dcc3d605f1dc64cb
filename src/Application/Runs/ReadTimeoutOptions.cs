using System.ComponentModel.DataAnnotations;

namespace IndustryData.Application.Runs;

/// <summary>The timeout for queries (configuration section <c>Query</c>).</summary>
public sealed record ReadTimeoutOptions
{
    /// <summary>The timeout of a list, count, or sum query in the database. The query is then canceled there.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
