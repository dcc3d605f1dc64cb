using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Distribution;

/// <summary>
/// The clocks of the tenants in a distributed database. Each transaction that changes runs of a tenant advances the
/// clock of the tenant first, and its changes have the new number. The row of the clock stays locked until the commit,
/// so that numbers become visible in their order (ADR 21).
/// </summary>
internal static class TenantClocks
{
    /// <summary>The name of the function that advances a clock.</summary>
    public const string Advance = "advance_tenant_clock";

    /// <summary>
    /// The expressions that set for a transaction on a node what the service sets for its sessions on the coordinator.
    /// </summary>
    public const string SetCommitSettings = """
        set_config(
            'synchronous_commit',
            CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END,
            true),
        set_config('lock_timeout', '200ms', true)
        """;

    /// <summary>The statement that creates the function that advances a clock.</summary>
    public static readonly string CreateAdvanceSql = $"""
        CREATE OR REPLACE FUNCTION {Advance}(tenant uuid) RETURNS bigint
            LANGUAGE plpgsql
        AS $$
        DECLARE
            change bigint;
        BEGIN
            PERFORM {SetCommitSettings};
            {AdvanceSql("tenant", "change")};
            RETURN change;
        END
        $$
        """;

    /// <summary>Returns the statement of a function that advances a clock.</summary>
    /// <param name="tenant">The variable with the tenant.</param>
    /// <param name="change">The variable that gets the new number.</param>
    public static string AdvanceSql(string tenant, string change) =>
        $"""
            INSERT INTO tenant_clocks AS clocks (tenant_id, number) VALUES ({tenant}, 1)
            ON CONFLICT (tenant_id) DO UPDATE SET number = clocks.number + 1
            RETURNING clocks.number INTO {change}
            """;

    // A node that was restored or promoted, and a shard that was moved to another node, are another epoch.
    private const string Epoch = """
        md5(
            (SELECT system_identifier FROM pg_control_system())::text || '/'
            || CASE WHEN pg_is_in_recovery() THEN '' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END || '/'
            || clocks.tableoid)::uuid
        """;

    /// <summary>Advances the clock of a tenant in a transaction.</summary>
    /// <returns>The change number of the transaction.</returns>
    public static async Task<long> AdvanceAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        CancellationToken cancellationToken
    )
    {
        // In a transaction, Citus delegates the call to the node of the tenant only if the tenant is a literal.
        await using var command = new NpgsqlCommand($"SELECT {Advance}('{tenantId.Value}')", connection);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Creates the clock of a tenant that has none.</summary>
    public static async Task EnsureAsync(
        NpgsqlConnection connection,
        TenantId tenantId,
        CancellationToken cancellationToken
    )
    {
        await using var insert = new NpgsqlCommand(
            "INSERT INTO tenant_clocks (tenant_id, number) VALUES ($1, 0) ON CONFLICT DO NOTHING",
            connection
        )
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = tenantId.Value } },
        };
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Reads the clock of a tenant on the node that has its runs.</summary>
    /// <returns>The change numbers; null if the tenant has no clock yet.</returns>
    public static async Task<ChangeHorizon?> ReadAsync(ReadSession session, TenantId tenantId, DeltaCursor? place)
    {
        var read = new NpgsqlBatchCommand(
            $"SELECT {Epoch}, now(), clocks.number FROM tenant_clocks AS clocks WHERE tenant_id = $1"
        )
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = tenantId.Value } },
        };
        await session.ExecuteAsync(read);
        if (!await session.ReadAsync())
        {
            return null;
        }

        var (epoch, now, number) = (
            session.Row.GetGuid(0),
            session.Row.GetFieldValue<DateTimeOffset>(1),
            session.Row.GetInt64(2)
        );
        await session.ReadAsync();
        return new ChangeHorizon(
            epoch,
            now,
            From: number + 1,
            LowWatermark: number + 1,
            HighWatermark: number + 1,
            LastChange: number,
            CursorIsValid: place is not null
                && place.Epoch == epoch
                && Math.Max(place.LowWatermark, place.Scan?.UpperBound ?? 0) <= number + 1
        );
    }
}
