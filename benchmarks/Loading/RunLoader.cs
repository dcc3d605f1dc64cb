using System.Diagnostics;
using IndustryData.Benchmarks.Stage;

namespace IndustryData.Benchmarks.Loading;

/// <summary>Fills a database with runs of the last 24 months, by COPY.</summary>
internal static class RunLoader
{
    private const int Months = 24;

    /// <summary>
    /// Loads runs of one tenant, evenly spread over the months. The same tenant, number and end make the same runs with
    /// the same ids.
    /// </summary>
    /// <param name="database">An empty database with the schema of a version of the service.</param>
    /// <param name="tenant">Whose runs they are.</param>
    /// <param name="rows">How many.</param>
    /// <param name="end">When the last one is reported.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> LoadAsync(
        RunDatabase database,
        Guid tenant,
        int rows,
        DateTimeOffset end,
        CancellationToken cancellationToken
    )
    {
        var begun = Stopwatch.StartNew();
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

        // Two at a time, since PostgreSQL uses a processor for each; the newer half by the second.
        var half = rows / 2;
        await Task.WhenAll(CopyAsync(0, half), CopyAsync(half, rows));
        await RunCounts.FillAsync(database, cancellationToken);
        await database.ExecuteAsync("VACUUM (ANALYZE)", cancellationToken);
        await database.ExecuteAsync("CHECKPOINT", cancellationToken);
        database.Expect(rows);
        await database.CheckAsync(cancellationToken);
        return begun.Elapsed;

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
                columns.Write(copy, new LoadedRun(tenant, id, reported, SampleRun.Of(number, reported)));
            }

            await copy.CompleteAsync(cancellationToken);
        }
    }
}
