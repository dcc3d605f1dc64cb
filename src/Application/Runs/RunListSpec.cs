using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>Specifies a list of runs for <see cref="IRunReader"/>.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Criteria">The criteria that select the runs.</param>
/// <param name="Order">The order; must be a total order (<see cref="RunOrderKey.WithTieBreaker"/>).</param>
/// <param name="Limit">The maximum number of runs; at least 1.</param>
/// <param name="Skip">The number of runs to skip.</param>
/// <param name="After">The position after which the list starts; null for its beginning.</param>
/// <param name="Columns">The large columns to read.</param>
public sealed record RunListSpec(
    TenantId TenantId,
    RunCriteria Criteria,
    IReadOnlyList<RunOrderKey> Order,
    int Limit,
    long Skip,
    KeysetCursor? After,
    RunColumns Columns
);

/// <summary>The columns of a run that may be large, and are therefore read only on request.</summary>
/// <param name="Statistics">True to read the statistics.</param>
/// <param name="BlockingError">True to read the blocking error.</param>
public readonly record struct RunColumns(bool Statistics, bool BlockingError);
