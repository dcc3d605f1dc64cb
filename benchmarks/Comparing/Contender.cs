using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>Something that is driven and measured.</summary>
internal abstract class Contender(string name)
{
    /// <summary>What the table calls it.</summary>
    public string Name { get; } = name;

    /// <summary>Whether it is one process of the service that this checkout holds, whose memory is judged.</summary>
    public bool IsService { get; init; }

    /// <summary>Drives it, first without measuring.</summary>
    /// <param name="warmUpSeconds">How long not to measure.</param>
    /// <param name="seconds">How long to measure.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BenchmarkException">It answered wrongly, or did not store what it acknowledged.</exception>
    public abstract Task<Measurement> MeasureAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    );
}
