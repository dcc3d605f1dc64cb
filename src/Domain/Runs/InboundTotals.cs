namespace IndustryData.Domain.Runs;

/// <summary>
/// The six counts of <c>aggregatedInboundStatistics</c> by which runs are filtered and summed. A count is null if the
/// run does not contain it.
/// </summary>
public sealed record InboundTotals
{
    /// <summary>The number of active records that lacked required data.</summary>
    public long? Errors { get; init; }

    /// <summary>The number of active records of which an optional value was omitted.</summary>
    public long? Warnings { get; init; }

    /// <summary>The number of active groups (classes, sections).</summary>
    public long? Groups { get; init; }

    /// <summary>The number of active memberships of people in groups.</summary>
    public long? Memberships { get; init; }

    /// <summary>The number of active organizations (schools, departments).</summary>
    public long? Organizations { get; init; }

    /// <summary>The number of active people.</summary>
    public long? People { get; init; }
}
