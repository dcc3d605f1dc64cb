using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>PostgreSQL without the service. pgbench drives it with prepared statements.</summary>
/// <param name="name">The name in the report.</param>
/// <param name="postgres">The server.</param>
/// <param name="database">The database.</param>
/// <param name="connections">The number of connections.</param>
/// <param name="scripts">The transactions. pgbench selects each with the same probability.</param>
/// <param name="variables">The variables of the scripts.</param>
internal sealed partial class PgbenchContender(
    string name,
    PrivatePostgres postgres,
    RunDatabase database,
    int connections,
    IReadOnlyList<string> scripts,
    IReadOnlyDictionary<string, string> variables
) : Contender(name)
{
    private const int Threads = 2;

    // The fraction of transactions that are logged. It is large enough for percentiles and too small to affect the
    // throughput.
    private const string Sampled = "0.1";

    protected override async Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        var folder = Directory.CreateTempSubdirectory("industrydata-pgbench-");
        try
        {
            var stored = Number(
                Processed(),
                (await RunAsync(folder.FullName, warmUpSeconds, cancellationToken)).Output
            );
            var (output, usage) = await RunAsync(folder.FullName, seconds, cancellationToken);
            stored += Number(Processed(), output);
            if (Number(Failed(), output) > 0)
            {
                throw new BenchmarkException($"{Name} has failed transactions: {output}");
            }

            if (Writes is not null)
            {
                Writes.Database.Expect((long)stored);
                await Writes.Database.CheckAsync(cancellationToken);
            }

            var latencies = ReadLatencies(folder);

            // On a very busy machine, the duration can elapse before the last connection is established. pgbench then
            // reports no rate.
            var perSecond = Number(Processed(), output) > 0 ? Number(PerSecond(), output) : 0;
            return new Measurement(
                perSecond,
                Percentile(latencies, 0.5),
                Percentile(latencies, 0.95),
                Percentile(latencies, 0.99),
                usage
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<(string Output, Usage Usage)> RunAsync(
        string folder,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        foreach (var log in Directory.GetFiles(folder, "log*"))
        {
            File.Delete(log);
        }

        var arguments = new List<string>
        {
            "--no-vacuum",
            "--protocol",
            "prepared",
            "--client",
            $"{connections}",
            "--jobs",
            $"{Math.Min(Threads, connections)}",
            "--time",
            Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture),
            "--log",
            "--log-prefix",
            Path.Combine(folder, "log"),
        };
        if (connections > 1)
        {
            arguments.AddRange(["--sampling-rate", Sampled]);
        }

        arguments.AddRange(variables.SelectMany(v => (string[])["--define", $"{v.Key}={v.Value}"]));
        for (var i = 0; i < scripts.Count; i++)
        {
            var script = Path.Combine(folder, $"{i}.sql");
            await File.WriteAllTextAsync(script, scripts[i] + ";\n", cancellationToken);
            arguments.AddRange(["--file", script]);
        }

        using var pgbench = Process.Start(postgres.Program("pgbench", database, arguments))!;
        try
        {
            var watch = UsageWatch.Begin([], postgres.ProcessId, pgbench.Id);
            var output = pgbench.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = pgbench.StandardError.ReadToEndAsync(cancellationToken);
            await pgbench.WaitForExitAsync(cancellationToken);
            var usage = await watch.EndAsync();
            return pgbench.ExitCode == 0
                ? (await output, usage)
                : throw new BenchmarkException($"{Name} failed: {await errors}");
        }
        finally
        {
            if (!pgbench.HasExited)
            {
                pgbench.Kill();
            }
        }
    }

    // Each line describes a transaction: the client, the number, the latency in microseconds and other values.
    private static List<double> ReadLatencies(DirectoryInfo folder)
    {
        var latencies = folder
            .GetFiles("log*")
            .SelectMany(f => File.ReadLines(f.FullName))
            .Select(l => double.Parse(l.Split(' ')[2], CultureInfo.InvariantCulture) / 1000)
            .ToList();
        latencies.Sort();
        return latencies;
    }

    private static double Percentile(List<double> sorted, double part) =>
        sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * part))];

    private static double Number(Regex pattern, string output) =>
        pattern.Match(output) is { Success: true } match
            ? double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : throw new BenchmarkException($"The output of pgbench does not match {pattern}: {output}");

    [GeneratedRegex("""number of transactions actually processed: (\d+)""")]
    private static partial Regex Processed();

    [GeneratedRegex("""number of failed transactions: (\d+)""")]
    private static partial Regex Failed();

    [GeneratedRegex("""tps = ([\d.]+) \(without initial connection time\)""")]
    private static partial Regex PerSecond();
}
