using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Reads runs in SQL, straight into responses. Every statement names the tenant.</summary>
internal sealed class RunReader(NpgsqlDataSource database) : IRunReader
{
    private const string ListColumns = "id, display_name, start_date_time, end_date_time, status, blocking_error, created_date_time, last_modified_date_time, version";

    public async Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {ListColumns}, statistics FROM runs WHERE tenant_id = $1 AND id = $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id.Value });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        if (!await rows.ReadAsync(cancellationToken))
        {
            return null;
        }

        var run = Item(rows);
        return new RunResponse(
            run.Id, run.DisplayName, run.StartDateTime, run.EndDateTime, run.Status, rows.GetString(9), run.BlockingError, run.CreatedDateTime, run.LastModifiedDateTime, run.Version);
    }

    public async Task<bool> ExistsAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT EXISTS (SELECT FROM runs WHERE tenant_id = $1 AND id = $2)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id.Value });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    public async Task<IReadOnlyList<RunListItem>> NewestAsync(TenantId tenantId, int count, RunPosition? after, CancellationToken cancellationToken)
    {
        // A row value, which PostgreSQL takes as the index's bound; the same written with OR it does not.
        var place = after is null ? "" : "AND (start_date_time, id) < ($3, $4)";
        await using var command = database.CreateCommand($"SELECT {ListColumns} FROM runs WHERE tenant_id = $1 {place} ORDER BY start_date_time DESC, id DESC LIMIT $2");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        if (after is { } last)
        {
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = last.StartDateTime.UtcDateTime });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = last.Id.Value });
        }

        var runs = new List<RunListItem>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            runs.Add(Item(rows));
        }

        return runs;
    }

    public async Task<IReadOnlyList<ActivityResponse>?> ActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT id, type, display_name, status, blocking_error, activity FROM run_activities WHERE tenant_id = $1 AND run_id = $2 ORDER BY id");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id.Value });
        var activities = new List<ActivityResponse>();
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                activities.Add(new ActivityResponse(
                    rows.GetGuid(0),
                    ActivityType.FromNumber(rows.GetInt16(1)).Name,
                    rows.GetString(2),
                    ActivityStatus.FromNumber(rows.GetInt16(3)).Name,
                    rows.IsDBNull(4) ? null : rows.GetString(4),
                    rows.IsDBNull(5) ? null : rows.GetString(5)));
            }
        }

        return activities.Count > 0 || await ExistsAsync(tenantId, id, cancellationToken) ? activities : null;
    }

    private static RunListItem Item(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetString(1),
        row.GetFieldValue<DateTimeOffset>(2),
        row.IsDBNull(3) ? null : row.GetFieldValue<DateTimeOffset>(3),
        RunStatus.FromNumber(row.GetInt16(4)).Name,
        row.IsDBNull(5) ? null : row.GetString(5),
        row.GetFieldValue<DateTimeOffset>(6),
        row.GetFieldValue<DateTimeOffset>(7),
        row.GetInt64(8));
}
