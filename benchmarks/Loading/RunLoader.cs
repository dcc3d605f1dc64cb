using System.Diagnostics;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.Loading;

/// <summary>Fills a database with runs of the last 24 months. It uses COPY.</summary>
internal static class RunLoader
{
    private const int Months = 24;

    // Only the newest runs are still running, as in a ledger whose runs are all reported to their end.
    private static readonly TimeSpan _maxDuration = TimeSpan.FromHours(3);

    /// <summary>
    /// Loads runs of one tenant, evenly spread over the months. The same tenant, number of runs and end always result
    /// in the same runs with the same ids.
    /// </summary>
    /// <param name="database">An empty database with the schema of a version of the service.</param>
    /// <param name="tenant">The tenant of the runs.</param>
    /// <param name="rows">The number of runs.</param>
    /// <param name="end">The time at which the last run is reported.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The elapsed time.</returns>
    public static async Task<TimeSpan> LoadAsync(
        RunDatabase database,
        Guid tenant,
        int rows,
        DateTimeOffset end,
        CancellationToken cancellationToken
    )
    {
        var stopwatch = Stopwatch.StartNew();
        var columns = await RunColumns.ReadAsync(database, cancellationToken);
        var begin = end.AddMonths(-Months);
        var isPartitioned = await database.ReadAsync<bool>(
            "SELECT to_regproc('create_runs_partition') IS NOT NULL",
            cancellationToken
        );
        for (var quarter = begin; isPartitioned && quarter < end.AddMonths(3); quarter = quarter.AddMonths(3))
        {
            await database.ExecuteAsync($"SELECT create_runs_partition('{quarter:O}')", cancellationToken);
        }

        // Two COPY commands run in parallel, because PostgreSQL uses one processor for each. The second one loads the
        // newer half.
        var half = rows / 2;
        await Task.WhenAll(CopyAsync(0, half), CopyAsync(half, rows));
        await RunCounts.FillAsync(database, cancellationToken);
        await database.ExecuteAsync("VACUUM (ANALYZE)", cancellationToken);
        await database.ExecuteAsync("CHECKPOINT", cancellationToken);
        database.Expect(rows);
        await database.CheckAsync(cancellationToken);
        return stopwatch.Elapsed;

        async Task CopyAsync(int from, int to)
        {
            await Task.Yield();
            await using var connection = await database.OpenAsync(cancellationToken);
            await using var copy = await connection.BeginBinaryImportAsync(
                $"COPY runs ({columns.Names}) FROM STDIN (FORMAT binary)",
                cancellationToken
            );
            copy.Timeout = TimeSpan.FromHours(1);
            for (var number = from; number < to; number++)
            {
                var reported = begin + ((end - begin) * ((double)number / rows));
                var id = SampleRun.Id(number, reported);
                var run = SampleRun.Of(number, reported);
                var known = end - reported > _maxDuration ? run.Ended(reported) : run;
                columns.Write(copy, new LoadedRun(tenant, id, reported, known));
            }

            await copy.CompleteAsync(cancellationToken);
        }
    }
}
