using System.Diagnostics;
using System.IO.Compression;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Pages;

/// <summary>The download of runs as CSV. There is one download a turn, however long it takes.</summary>
/// <param name="name">The name in the report.</param>
/// <param name="service">The service.</param>
/// <param name="postgres">The PostgreSQL server whose processor time is measured.</param>
/// <param name="path">The path of the download.</param>
/// <param name="rows">The number of runs in it.</param>
internal sealed class DownloadContender(
    string name,
    DeployedService service,
    PrivatePostgres postgres,
    string path,
    int rows
) : Contender(name)
{
    /// <summary>The figure for the memory that the service needed in addition, in megabytes.</summary>
    public const string AddedMegabytes = "memory of the service, most during the download minus before, MB";

    protected override async Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        using var client = new PageClient(service);
        var before = ProcessUsage.ResidentMegabytes(service.Program.ProcessId);
        var watch = UsageWatch.Begin([service.Program.ProcessId], postgres.ProcessId, System.Environment.ProcessId);
        var begin = Stopwatch.GetTimestamp();
        var lines = 0L;
        using (var response = await client.OpenAsync(path, cancellationToken))
        {
            var compressed = await response.Content.ReadAsStreamAsync(cancellationToken);
            await using var text = new GZipStream(compressed, CompressionMode.Decompress);
            var buffer = new byte[64 * 1024];
            while (await text.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                lines += buffer.AsSpan(0, read).Count((byte)'\n');
            }
        }

        var took = Stopwatch.GetElapsedTime(begin);
        var usage = await watch.EndAsync();

        // The first line has the names of the columns.
        return lines == rows + 1
            ? new Measurement(rows / took.TotalSeconds, took.TotalMilliseconds, double.NaN, double.NaN, usage)
            {
                Figures = new Dictionary<string, double> { [AddedMegabytes] = usage.Resident!.Value - before },
            }
            : throw new BenchmarkException($"{path} has {lines} lines instead of {rows + 1}.");
    }
}
