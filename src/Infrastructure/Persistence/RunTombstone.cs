using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>A record that a run was deleted. Delta queries return it.</summary>
internal sealed class RunTombstone
{
    public TenantId TenantId { get; init; }

    public RunId RunId { get; init; }

    public long ChangeNumber { get; init; }

    public DateTimeOffset DeletedDateTime { get; init; }
}
