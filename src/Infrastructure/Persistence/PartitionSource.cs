using System.Data;
using System.Runtime.CompilerServices;
using IndustryData.Application.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The contents of a partition in one snapshot. A change of any run changes them.</summary>
/// <param name="Runs">The number of runs.</param>
/// <param name="Activities">The number of activities.</param>
/// <param name="LastChangeNumber">The highest change number of the runs; 0 if there are none.</param>
internal sealed record PartitionContents(long Runs, long Activities, long LastChangeNumber);

/// <summary>Reads the runs of a partition and their activities in one snapshot.</summary>
internal sealed class PartitionSource : IAsyncDisposable
{
    private readonly NpgsqlConnection _runs;
    private readonly NpgsqlConnection _activities;
    private readonly string _suffix;
    private readonly List<NpgsqlTransaction> _transactions = [];

    private PartitionSource(NpgsqlConnection runs, NpgsqlConnection activities, string suffix) =>
        (_runs, _activities, _suffix) = (runs, activities, suffix);

    /// <summary>The contents of the partition.</summary>
    public PartitionContents Contents { get; private set; } = new(0, 0, 0);

    /// <summary>Opens a partition.</summary>
    /// <param name="database">The pool of the owner of the tables.</param>
    /// <param name="suffix">The suffix of the names of the tables.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<PartitionSource> OpenAsync(
        NpgsqlDataSource database,
        string suffix,
        CancellationToken cancellationToken
    )
    {
        var runs = await database.OpenConnectionAsync(cancellationToken);
        NpgsqlConnection? activities = null;
        try
        {
            activities = await database.OpenConnectionAsync(cancellationToken);
            var source = new PartitionSource(runs, activities, suffix);
            await source.BeginAsync(cancellationToken);
            return source;
        }
        catch
        {
            await runs.DisposeAsync();
            await (activities?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    /// <summary>Reads all runs, ordered by tenant and id.</summary>
    public async IAsyncEnumerable<(Guid TenantId, RunListItem Run)> ReadAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var readRuns = new NpgsqlCommand(
            $"""
            SELECT {RunTable.ListedColumns(withBlockingError: true)}, statistics, tenant_id FROM runs_{_suffix}
            ORDER BY tenant_id, id
            """,
            _runs
        );
        await using var readActivities = new NpgsqlCommand(
            $"""
            SELECT {RunReader.ActivityColumns}, tenant_id, run_id FROM run_activities_{_suffix}
            ORDER BY tenant_id, run_id, id
            """,
            _activities
        );
        await using var runs = await readRuns.ExecuteReaderAsync(cancellationToken);
        await using var activities = await readActivities.ExecuteReaderAsync(cancellationToken);
        var hasActivity = await activities.ReadAsync(cancellationToken);
        while (await runs.ReadAsync(cancellationToken))
        {
            var (tenant, id) = (runs.GetGuid(RunTable.NextColumn + 1), runs.GetGuid(0));
            var own = new List<ActivityResponse>();
            while (
                hasActivity
                && activities.GetGuid(RunReader.ActivityColumnCount) == tenant
                && activities.GetGuid(RunReader.ActivityColumnCount + 1) == id
            )
            {
                own.Add(RunReader.ReadActivity(activities));
                hasActivity = await activities.ReadAsync(cancellationToken);
            }

            yield return (
                tenant,
                RunTable.ReadRun(runs) with
                {
                    Statistics = runs.GetString(RunTable.NextColumn),
                    Activities = new ActivityPage(own),
                }
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transaction in _transactions)
        {
            await transaction.DisposeAsync();
        }

        await _activities.DisposeAsync();
        await _runs.DisposeAsync();
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        _transactions.Add(await _runs.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken));
        await using var export = new NpgsqlCommand("SELECT pg_export_snapshot()", _runs);
        var snapshot = (string)(await export.ExecuteScalarAsync(cancellationToken))!;
        _transactions.Add(await _activities.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken));
        await using var import = new NpgsqlCommand($"SET TRANSACTION SNAPSHOT '{snapshot}'", _activities);
        await import.ExecuteNonQueryAsync(cancellationToken);
        await using var count = new NpgsqlCommand(
            $"""
            SELECT runs.count, runs.last_change, activities.count
            FROM (
                SELECT count(*) AS count, coalesce(max(change_number), 0) AS last_change FROM runs_{_suffix}) AS runs
                CROSS JOIN (SELECT count(*) AS count FROM run_activities_{_suffix}) AS activities
            """,
            _runs
        );
        await using var row = await count.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        Contents = new PartitionContents(row.GetInt64(0), row.GetInt64(2), row.GetInt64(1));
    }
}
