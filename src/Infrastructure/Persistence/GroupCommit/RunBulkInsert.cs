using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>
/// Inserts any number of new runs with one statement per table. A test compares the column names with the EF model.
/// </summary>
internal static class RunBulkInsert
{
    /// <summary>The constraint that is violated when a used idempotency key is inserted.</summary>
    public const string KeysConstraint = "pk_idempotency_records";

    // The expression for the change number is the inlined body of the function change_number. An SQL function is
    // planned again for each statement that calls it.
    private static readonly string _runs = Runs(
        "pg_current_xact_id()::text::bigint "
            + "+ coalesce((SELECT change_offset FROM database_epochs ORDER BY number DESC LIMIT 1), 0)"
    );

    private static readonly string _numberedRuns = Runs($"${RunTable.Columns.Count + 1}");

    /// <summary>The columns of activities that an insertion sets, without the tenant.</summary>
    public static readonly IReadOnlyList<string> ActivityColumns =
    [
        "run_id",
        "id",
        "type",
        "display_name",
        "status",
        "blocking_error",
        "activity",
    ];

    private static readonly string _activities = $"""
        INSERT INTO run_activities (tenant_id, {string.Join(", ", ActivityColumns)})
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    private const string Keys = """
        INSERT INTO idempotency_records (
            tenant_id, key_hash, request_fingerprint, resource_id, return_representation, created_date_time)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        """;

    private const string FreeKeys = $"""
        {Keys}
        ON CONFLICT DO NOTHING
        RETURNING resource_id
        """;

    /// <summary>
    /// Adds the statement that inserts idempotency keys.
    /// </summary>
    /// <param name="batch">The batch to which the statement is added.</param>
    /// <param name="keyed">The insertions that have keys.</param>
    /// <param name="returnsFree">
    /// If true, the statement inserts only the unused keys and returns the ids of their runs. If false, it fails if a
    /// key is used.
    /// </param>
    public static void AddKeys(NpgsqlBatch batch, IReadOnlyList<PendingInsert> keyed, bool returnsFree)
    {
        // All transactions insert keys in the same order. Otherwise, two transactions could each hold the key that the
        // other needs next.
        PendingInsert[] sorted = [.. keyed];
        var keys = ArrayParameters.Column(
            sorted,
            i => (Tenant: i.TenantId.Value, Hash: IdempotencyRecord.HashOf(i.Key!.Value))
        );
        Array.Sort(keys, sorted);
        var insert = new NpgsqlBatchCommand(returnsFree ? FreeKeys : Keys);
        insert.Values(keys, k => k.Tenant);
        insert.Values(keys, k => k.Hash);
        insert.Values(sorted, i => i.Key!.RequestFingerprint.ToArray());
        insert.Values(sorted, i => i.Run.Id.Value);
        insert.Values(sorted, i => i.Key!.IncludesRun);
        insert.Values(sorted, i => i.Run.CreatedDateTime.UtcDateTime);
        batch.BatchCommands.Add(insert);
    }

    /// <summary>
    /// Adds the statements that insert runs with their activities, and the statement that updates the counters.
    /// </summary>
    /// <param name="batch">The batch to which the statements are added.</param>
    /// <param name="runs">The runs; none if only counters change.</param>
    /// <param name="counts">The changes of the counters. The runs are added to them.</param>
    /// <param name="changeNumber">The change number of the runs; null for that of the transaction.</param>
    public static void Add(NpgsqlBatch batch, IReadOnlyList<Run> runs, RunCountDeltas counts, long? changeNumber = null)
    {
        foreach (var run in runs)
        {
            counts.Add(run, run.Status, 1);
        }

        AddRuns(batch, runs, changeNumber);
        counts.Add(batch);
    }

    private static string Runs(string changeNumber) =>
        $"""
            INSERT INTO runs ({string.Join(", ", RunTable.Columns.Select(c => c.Name))}, change_number)
            SELECT added.*, {changeNumber}
            FROM unnest({string.Join(", ", RunTable.Columns.Select((_, i) => $"${i + 1}"))}) AS added
            """;

    private static void AddRuns(NpgsqlBatch batch, IReadOnlyList<Run> runs, long? changeNumber)
    {
        if (runs.Count == 0)
        {
            return;
        }

        var insert = new NpgsqlBatchCommand(changeNumber is null ? _runs : _numberedRuns);
        foreach (var column in RunTable.Columns)
        {
            column.AddValues(insert, runs);
        }

        if (changeNumber is { } number)
        {
            insert.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
        }

        batch.BatchCommands.Add(insert);

        if (runs.SelectMany(r => r.Activities).ToList() is { Count: > 0 } activities)
        {
            insert = new NpgsqlBatchCommand(_activities);
            insert.Values(activities, a => a.TenantId.Value);
            AddActivities(insert, activities);
            batch.BatchCommands.Add(insert);
        }
    }

    /// <summary>Adds the parameters with the values of <see cref="ActivityColumns"/>.</summary>
    public static void AddActivities(NpgsqlBatchCommand insert, IReadOnlyList<RunActivity> activities)
    {
        insert.Values(activities, a => a.RunId.Value);
        insert.Values(activities, a => a.Id.Value);
        insert.Values(activities, a => a.Type.Number);
        insert.Values(activities, a => a.DisplayName.Value);
        insert.Values(activities, a => a.Status.Number);
        insert.Json(activities, a => a.BlockingError?.Json);
        insert.Json(activities, a => a.Activity?.Json);
    }
}
