using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The roles under which requests use the database. They own nothing, and row-level security applies to them. The
/// account of the connection string owns the tables and is a member of both.
/// </summary>
internal static class ServiceRoles
{
    /// <summary>The role of reads. It sees the rows of the tenant that the session or the transaction names.</summary>
    public const string Reader = "industrydata_reader";

    /// <summary>The role of commits and of lookups by id. It sees all tenants.</summary>
    public const string Writer = "industrydata_writer";

    // From PostgreSQL 16 on, a member may lack the right to become the role.
    private const string AreUsable = $"""
        SELECT count(*) = 2 FROM pg_roles AS role
        WHERE rolname IN ('{Reader}', '{Writer}')
            AND pg_has_role(
                role.oid, CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END)
        """;

    // Roles belong to all databases of the server. A migration of another database may do the same at this moment.
    private const string Create = $"""
        DO $$
        DECLARE
            role text;
        BEGIN
            FOREACH role IN ARRAY ARRAY['{Reader}', '{Writer}'] LOOP
                BEGIN
                    EXECUTE format('CREATE ROLE %I', role);
                EXCEPTION WHEN duplicate_object OR unique_violation THEN
                    NULL;
                END;
                BEGIN
                    EXECUTE format('GRANT %I TO CURRENT_USER', role);
                EXCEPTION WHEN unique_violation THEN
                    NULL;
                END;
            END LOOP;
        END
        $$
        """;

    private const string Advice = $"""
        SELECT concat_ws(' ',
            (SELECT string_agg(format('CREATE ROLE %I;', role), ' ' ORDER BY role)
            FROM unnest(ARRAY['{Reader}', '{Writer}']) AS role WHERE to_regrole(role) IS NULL),
            format('GRANT {Reader}, {Writer} TO %I;', current_user))
        """;

    /// <summary>Returns the command that names the tenant whose rows the reader sees.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="isOfTransaction">
    /// True to name the tenant until the transaction ends. If false, the session names it until it names another one,
    /// unless the transaction fails. A batch is a transaction if there is no other.
    /// </param>
    public static NpgsqlBatchCommand SetTenant(TenantId tenantId, bool isOfTransaction) =>
        new("SELECT set_config('industrydata.tenant', $1, $2)")
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = tenantId.Value.ToString() },
                new NpgsqlParameter<bool> { TypedValue = isOfTransaction },
            },
        };

    /// <summary>Creates the roles that do not exist, and makes the account a member of them.</summary>
    /// <exception cref="MissingRolesException">The account may not do this.</exception>
    public static async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await ReadAsync<bool>(AreUsable))
        {
            return;
        }

        try
        {
            await using var create = new NpgsqlCommand(Create, connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new MissingRolesException(await ReadAsync<string>(Advice));
        }

        async Task<T> ReadAsync<T>(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
        }
    }

    /// <summary>
    /// Determines whether the account can use the roles, and the roles the tables. The schema must be that of this
    /// version.
    /// </summary>
    public static async Task<bool> AreReadyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"{AreUsable} AND has_table_privilege(role.oid, 'runs', 'SELECT')",
            connection
        );
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>
    /// Grants the roles their privileges in a database that has none of them, because it was restored without
    /// privileges.
    /// </summary>
    public static async Task RestorePrivilegesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT grant_service_privileges() WHERE NOT has_table_privilege('{Reader}', 'runs', 'SELECT')",
            connection
        );
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
