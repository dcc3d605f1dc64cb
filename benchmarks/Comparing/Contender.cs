using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>A program that is driven and measured.</summary>
internal abstract class Contender(string name)
{
    /// <summary>The name in the report.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// True if the contender is a single process of the service from this checkout. Its memory has a goal.
    /// </summary>
    public bool IsService { get; init; }

    /// <summary>The database in which the program stores runs, or null if it stores nothing.</summary>
    public WrittenDatabase? Writes { get; init; }

    /// <summary>Drives and measures the program after a warm-up.</summary>
    /// <param name="warmUpSeconds">The duration of the warm-up in seconds.</param>
    /// <param name="seconds">The duration of the measurement in seconds.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="BenchmarkException">
    /// A response was incorrect, or the program did not store an acknowledged run.
    /// </exception>
    public async Task<Measurement> MeasureAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        if (Writes is not null)
        {
            await Writes.PrepareAsync(cancellationToken);
        }

        return await DriveAsync(warmUpSeconds, seconds, cancellationToken);
    }

    /// <inheritdoc cref="MeasureAsync" />
    protected abstract Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    );
}
