using IndustryData.Benchmarks.Comparing;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>What a run has measured.</summary>
internal sealed record Report(
    MachineFacts Machine,
    Settings Settings,
    IReadOnlyList<Outcome> Outcomes,
    MemoryUse Memory
);

/// <summary>
/// Megabytes of memory that the service had: the most of all measurements, and some time after the last.
/// </summary>
internal sealed record MemoryUse(double Most, double AtRest)
{
    public const double MostAllowed = 300;
    public const double AtRestAllowed = 200;
}
