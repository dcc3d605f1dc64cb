using System.Globalization;
using System.Text;
using IndustryData.Benchmarks.LoadGeneration;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Simulating;

/// <summary>What a slice of the day measured.</summary>
/// <param name="Instances">The number of instances.</param>
/// <param name="Replay">The responses.</param>
/// <param name="Delays">The time from the response to a write to the event about it.</param>
/// <param name="Bytes">The size of a run in tables and indexes, in bytes.</param>
/// <param name="Wal">The size of a run in the write-ahead log, in bytes.</param>
/// <param name="Usage">The processors that were used.</param>
internal sealed record Slice(
    int Instances,
    ReplayResult Replay,
    LatencyHistogram Delays,
    double Bytes,
    double Wal,
    Usage Usage
);

/// <summary>Writes the report of a simulation as Markdown.</summary>
internal static class SimulationReport
{
    public static string Write(SimulationSettings settings, IReadOnlyList<Slice> slices)
    {
        var day = new DayProfile(settings.Runs, settings.Tenants);
        var text = new StringBuilder();
        Line($"# A day of {settings.Runs:N0} runs, simulated");
        Line($"");
        Line($"## Assumptions");
        Line($"");
        Line($"- {day.Tenants:N0} tenants by Zipf's law; the largest has {day.LargestShare:P1} of the runs.");
        Line(
            $"- Half of the runs come in six hours at night: {day.MeanRate:N0} a second on average, {day.PeakRate:N0}"
        );
        Line($"  in the busiest hour.");
        Line($"- The slice has the 24 hours in {settings.Seconds:N0} s, at {settings.Speed:0.##} times the rates of");
        Line($"  the day: {settings.Arrivals:N0} runs.");
        Line($"- Each run is one request with one commit to wait for. It has no activities and is not changed.");
        Line(
            $"- Service, PostgreSQL and the replay share {System.Environment.ProcessorCount} processors and one disk."
        );
        Line($"- A latency begins with the arrival; the replay looks for arrivals once a millisecond.");
        Line($"");
        Line($"## Measured");
        Line($"");
        Line($"| instances | runs/s | p50 ms | p99 ms | waiting | delta p50 ms | delta p99 ms | bytes/run | WAL/run |");
        Line($"|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var slice in slices)
        {
            var replay = slice.Replay;
            Add(
                $"| {slice.Instances} | {replay.Acknowledged / replay.Seconds:N0} | {replay.P50:N1} | {replay.P99:N1} "
            );
            Add($"| {replay.MostWaiting:N0} | {slice.Delays.Percentile(0.5):N0} ");
            Line($"| {slice.Delays.Percentile(0.99):N0} | {slice.Bytes:N0} | {slice.Wal:N0} |");
        }

        Line($"");
        Line(
            $"*Waiting*: the most runs that had arrived and found no free connection. *Delta*: from the response to a"
        );
        Line($"write of the tenth tenant to the event about it, on another instance if there are several.");
        Line($"");
        Line($"## Extrapolated to the day");
        Line($"");
        Line($"| instances | tables and indexes | WAL | processor hours: service | PostgreSQL | processors at peak |");
        Line($"|---:|---:|---:|---:|---:|---:|");
        foreach (var slice in slices)
        {
            var (service, postgres) = (
                SecondsPerRun(slice, slice.Usage.Program ?? 0),
                SecondsPerRun(slice, slice.Usage.Postgres)
            );
            Add($"| {slice.Instances} | {Gigabytes(slice.Bytes):N0} GB | {Gigabytes(slice.Wal):N0} GB ");
            Line($"| {Hours(service):N1} | {Hours(postgres):N1} | {(service + postgres) * day.PeakRate:N1} |");
        }

        Line($"");
        Line(
            $"The time for a run is that of the slice. It falls when the rate rises, because more runs share a commit."
        );
        Line($"Autovacuum, checkpoints of full shared buffers, archives and standbys come on top.");
        return text.ToString();

        double Gigabytes(double bytes) => bytes * settings.Runs / 1e9;

        double Hours(double seconds) => seconds * settings.Runs / 3600;

        void Add(FormattableString part) => text.Append(part.ToString(CultureInfo.InvariantCulture));

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static double SecondsPerRun(Slice slice, double processors) =>
        processors * slice.Replay.Seconds / slice.Replay.Acknowledged;
}
