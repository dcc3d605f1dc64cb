using IndustryData.Infrastructure.Persistence.Migrations;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Distribution;

/// <summary>Distributes the tables by tenant over the nodes of a Citus cluster.</summary>
internal static class RunDistribution
{
    /// <summary>Determines whether the tables are distributed.</summary>
    public static async Task<bool> IsCompleteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT to_regclass('tenant_clocks') IS NOT NULL", connection);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>
    /// Distributes the tables unless they are distributed, and creates the functions of this version on all nodes.
    /// </summary>
    /// <param name="connection">
    /// A connection of the owner to the coordinator. The schema is that of this version.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="MissingCitusException">The database does not have the extension.</exception>
    public static async Task DistributeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await ReadAsync("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')") is not true)
        {
            throw new MissingCitusException();
        }

        await ExecuteAsync(MigrationSql.Read("distribute_tables.sql"));
        await ExecuteAsync(MigrationSql.Read("finish_distribution.sql"));
        var types = await ReadColumnTypesAsync();
        string TypeOf(string table, string column) => types[(table, column)];
        await ExecuteAsync(TenantClocks.CreateAdvanceSql);
        await ExecuteAsync(AddRunsFunction.CreateSql(TypeOf));
        await ExecuteAsync(Distribute($"{TenantClocks.Advance}(uuid)", isForced: true));
        await ExecuteAsync(Distribute(AddRunsFunction.Signature(TypeOf), isForced: false));

        async Task<object?> ReadAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync(cancellationToken);
        }

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        async Task<Dictionary<(string Table, string Column), string>> ReadColumnTypesAsync()
        {
            var read = new Dictionary<(string Table, string Column), string>();
            await using var command = new NpgsqlCommand(
                """
                SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod) FROM pg_attribute
                WHERE attrelid IN ('runs'::regclass, 'run_activities'::regclass) AND attnum > 0 AND NOT attisdropped
                """,
                connection
            );
            await using var rows = await command.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                read.Add((rows.GetString(0), rows.GetString(1)), rows.GetString(2));
            }

            return read;
        }
    }

    // A forced delegation also reaches the node if the call is not the first statement of a transaction.
    private static string Distribute(string function, bool isForced) =>
        $"SELECT create_distributed_function('{function}', '$1', colocate_with => 'runs'"
        + (isForced ? ", force_delegation => true)" : ")");
}
