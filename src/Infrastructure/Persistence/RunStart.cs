using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A record that the action <c>start</c> started a run. It is stored separately from the run, so that deletion of the
/// run does not allow another start.
/// </summary>
internal sealed class RunStart
{
    public TenantId TenantId { get; init; }

    public DateTimeOffset StartedDateTime { get; init; }

    public RunId RunId { get; init; }
}
