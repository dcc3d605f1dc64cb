using System.Diagnostics;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.Loading;

/// <summary>The counts of runs that the service stores in the table <c>run_counts</c>.</summary>
internal static class RunCounts
{
    // The expression by which each column groups the runs. The service derives the quarter from the time in the id.
    private static readonly Dictionary<string, string> _known = new()
    {
        ["tenant_id"] = "tenant_id",
        ["quarter"] =
            "date_trunc('quarter', to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint "
            + "/ 1000.0) AT TIME ZONE 'UTC')::date",
        ["status"] = "status",
    };

    // Each writer counts in its own rows. A count is the sum of these rows. Earlier versions name the shard "writer".
    private static readonly Dictionary<string, string> _others = new()
    {
        ["shard"] = "0",
        ["writer"] = "0",
        ["count"] = "count(*)",
    };

    /// <summary>
    /// Counts the loaded runs. The service counts only the runs that it stores itself. The method does nothing if the
    /// schema has no counts.
    /// </summary>
    /// <exception cref="BenchmarkException">The table has a required column that is not known.</exception>
    public static async Task FillAsync(RunDatabase database, CancellationToken cancellationToken)
    {
        var columns = await ColumnsAsync(database, cancellationToken);
        if (columns.Count > 0)
        {
            var values = columns.Select(c => _known.GetValueOrDefault(c) ?? _others[c]);
            await database.ExecuteAsync(
                $"""
                INSERT INTO run_counts ({string.Join(", ", columns)})
                SELECT {string.Join(", ", values)} FROM runs GROUP BY {Keys(columns)}
                """,
                cancellationToken
            );
        }
    }

    /// <summary>
    /// Waits until the service has counted all runs by hour. The method does nothing if the schema has no such counts.
    /// </summary>
    /// <exception cref="BenchmarkException">It takes longer than half an hour.</exception>
    public static async Task WaitForHoursAsync(RunDatabase database, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync<bool>("SELECT to_regclass('run_hour_progress') IS NULL", cancellationToken))
        {
            return;
        }

        var stopwatch = Stopwatch.StartNew();
        while (
            await database.ReadAsync<bool>(
                """
                SELECT coalesce(max(counted_from), 'infinity') > '0001-01-01 00:00:00+00'
                    OR EXISTS (SELECT FROM outdated_run_hours)
                FROM run_hour_progress
                """,
                cancellationToken
            )
        )
        {
            if (stopwatch.Elapsed > TimeSpan.FromMinutes(30))
            {
                throw new BenchmarkException("The service has not counted the runs by hour.");
            }

            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }

    /// <summary>Compares the counts of a tenant with its runs, for each quarter and status.</summary>
    /// <exception cref="BenchmarkException">A count is wrong, or the schema has no counts.</exception>
    public static async Task CheckAsync(RunDatabase database, Guid tenant, CancellationToken cancellationToken)
    {
        var columns = await ColumnsAsync(database, cancellationToken);
        if (columns.Count == 0)
        {
            throw new BenchmarkException("The table run_counts does not exist, so the counts cannot be checked.");
        }

        var keys = columns.Where(_known.ContainsKey).ToList();
        var names = string.Join(", ", keys);
        var wrong = await database.ReadAsync<long>(
            $"""
            SELECT count(*)
            FROM (
                SELECT {names}, sum(count)::bigint AS number
                FROM run_counts
                WHERE tenant_id = '{tenant}'
                GROUP BY {names}) AS counted
            FULL JOIN (
                SELECT {string.Join(", ", keys.Select(k => $"{_known[k]} AS {k}"))}, count(*) AS number
                FROM runs
                WHERE tenant_id = '{tenant}'
                GROUP BY {Keys(columns)}) AS stored USING ({names})
            WHERE coalesce(counted.number, 0) <> coalesce(stored.number, 0)
            """,
            cancellationToken
        );
        if (wrong > 0)
        {
            throw new BenchmarkException($"{wrong} counts in run_counts differ from the stored runs.");
        }
    }

    private static string Keys(IEnumerable<string> columns) =>
        string.Join(", ", columns.Where(_known.ContainsKey).Select(c => _known[c]));

    private static async Task<IReadOnlyList<string>> ColumnsAsync(
        RunDatabase database,
        CancellationToken cancellationToken
    )
    {
        var columns = await database.ReadAllAsync<string>(
            """
            SELECT column_name::text FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = 'run_counts' AND is_generated = 'NEVER'
                AND (column_name IN ('tenant_id', 'quarter', 'status', 'shard', 'writer', 'count')
                    OR is_nullable = 'NO' AND column_default IS NULL)
            ORDER BY ordinal_position
            """,
            cancellationToken
        );
        return columns.FirstOrDefault(c => !_known.ContainsKey(c) && !_others.ContainsKey(c)) is { } unknown
            ? throw new BenchmarkException(
                $"The table run_counts requires {unknown}: add the values to {nameof(RunCounts)}."
            )
            : columns;
    }
}
