using IndustryData.Benchmarks.Comparing;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>The results of the benchmark.</summary>
internal sealed record Report(
    MachineFacts Machine,
    Settings Settings,
    IReadOnlyList<Outcome> Outcomes,
    MemoryUse Memory
);

/// <summary>
/// The memory usage of the service in megabytes: the maximum of all measurements, and the usage some time after the
/// last measurement.
/// </summary>
internal sealed record MemoryUse(double Most, double AtRest)
{
    public const double MostAllowed = 300;
    public const double AtRestAllowed = 200;
}
