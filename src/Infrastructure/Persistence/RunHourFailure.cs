using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The failed runs of one code that started in an hour.</summary>
internal sealed class RunHourFailure
{
    public TenantId TenantId { get; init; }

    public DateTimeOffset Hour { get; init; }

    /// <summary>The number of the row within the hour. The code may be too long for an index.</summary>
    public int Number { get; init; }

    /// <summary>The code; null for runs whose blocking error has none, or that have no blocking error.</summary>
    public string? Code { get; init; }

    public long Runs { get; init; }

    public DateTimeOffset LastStart { get; init; }
}
