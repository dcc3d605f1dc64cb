namespace IndustryData.Domain.Runs;

/// <summary>The six numbers of <c>aggregatedInboundStatistics</c> that runs are filtered and summed by; null where a run does not say.</summary>
public sealed record InboundTotals
{
    /// <summary>Active records that lacked required data.</summary>
    public long? Errors { get; init; }

    /// <summary>Active records of which an optional value was dropped.</summary>
    public long? Warnings { get; init; }

    /// <summary>Active groups (classes, sections).</summary>
    public long? Groups { get; init; }

    /// <summary>Active memberships of people in groups.</summary>
    public long? Memberships { get; init; }

    /// <summary>Active organisations (schools, departments).</summary>
    public long? Organizations { get; init; }

    /// <summary>Active people.</summary>
    public long? People { get; init; }
}
