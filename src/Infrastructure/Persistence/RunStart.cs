using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// That a run was started by the action <c>start</c>. Kept apart from the run, so that deleting the run does not allow
/// one more.
/// </summary>
internal sealed class RunStart
{
    public TenantId TenantId { get; init; }

    public DateTimeOffset StartedDateTime { get; init; }

    public RunId RunId { get; init; }
}
