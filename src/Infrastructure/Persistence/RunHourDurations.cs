using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>A histogram of the durations of the ended runs that started in an hour.</summary>
internal sealed class RunHourDurations
{
    public TenantId TenantId { get; init; }

    public DateTimeOffset Hour { get; init; }

    /// <summary>The bins with runs, in ascending order (<see cref="DurationBins"/>).</summary>
    public short[] Bins { get; init; } = [];

    /// <summary>The number of runs in each of the bins.</summary>
    public long[] Runs { get; init; } = [];
}
