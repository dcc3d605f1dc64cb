using System.Diagnostics;
using IndustryData.Benchmarks.Stage;

namespace IndustryData.Benchmarks.Loading;

/// <summary>Fills a database with runs of the last 24 months, by COPY.</summary>
internal static class RunLoader
{
    private const int Months = 24;

    /// <summary>Loads runs of one tenant, evenly spread over the months.</summary>
    /// <returns>How long it took.</returns>
    public static async Task<TimeSpan> LoadAsync(RunDatabase database, Guid tenant, int rows, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.StartNew();
        var columns = await RunColumns.ReadAsync(database, cancellationToken);
        var end = DateTimeOffset.UtcNow.AddMinutes(-1);
        var begin = end.AddMonths(-Months);
        for (var quarter = begin; quarter < end.AddMonths(3); quarter = quarter.AddMonths(3))
        {
            await database.ExecuteAsync($"SELECT create_runs_partition('{quarter:O}')", cancellationToken);
        }

        // Two at a time, since PostgreSQL uses a processor for each; the newer half by the second.
        var half = rows / 2;
        await Task.WhenAll(CopyAsync(0, half), CopyAsync(half, rows));
        await FillCountsAsync(database, cancellationToken);
        await database.ExecuteAsync("VACUUM (ANALYZE)", cancellationToken);
        await database.ExecuteAsync("CHECKPOINT", cancellationToken);
        database.Expect(rows);
        await database.CheckAsync(cancellationToken);
        return begun.Elapsed;

        async Task CopyAsync(int from, int to)
        {
            await Task.Yield();
            await using var connection = await database.OpenAsync(cancellationToken);
            await using var copy = await connection.BeginBinaryImportAsync($"COPY runs ({columns.Names}) FROM STDIN (FORMAT binary)", cancellationToken);
            copy.Timeout = TimeSpan.FromHours(1);
            for (var number = from; number < to; number++)
            {
                var reported = begin + ((end - begin) * ((double)number / rows));
                columns.Write(copy, new LoadedRun(tenant, Guid.CreateVersion7(reported), reported, SampleRun.Of(number, reported)));
            }

            await copy.CompleteAsync(cancellationToken);
        }
    }

    /// <summary>Counts what was loaded past the service, which counts what it stores itself. Whatever else it keeps beside its runs belongs here.</summary>
    private static Task FillCountsAsync(RunDatabase database, CancellationToken cancellationToken) => database.ExecuteAsync(
        """
        INSERT INTO run_counts (tenant_id, quarter, status, writer, count)
        SELECT tenant_id, date_trunc('quarter', to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AT TIME ZONE 'UTC')::date, status, 0, count(*)
        FROM runs
        GROUP BY 1, 2, 3
        """,
        cancellationToken);
}
