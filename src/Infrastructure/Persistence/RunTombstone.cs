using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>That a run was deleted: remembered for those who follow the changes.</summary>
internal sealed class RunTombstone
{
    public TenantId TenantId { get; init; }

    public RunId RunId { get; init; }

    public long ChangeNumber { get; init; }

    public DateTimeOffset DeletedDateTime { get; init; }
}
