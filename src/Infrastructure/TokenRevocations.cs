using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using Npgsql;

namespace IndustryData.Infrastructure;

/// <summary>Revokes the service's own tokens.</summary>
public static class TokenRevocations
{
    /// <summary>
    /// Revokes all own tokens of a tenant that were issued before a time, and ends its sessions that started before it.
    /// Every instance of the service rejects them within ten seconds. An earlier revocation with a later time stays in
    /// force.
    /// </summary>
    /// <param name="connectionString">The connection string of PostgreSQL.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="notBefore">The time, in UTC.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The time that is in force for the tenant.</returns>
    /// <exception cref="NpgsqlException">The database is unavailable or lacks the schema.</exception>
    public static async Task<DateTimeOffset> RevokeAsync(
        string connectionString,
        TenantId tenantId,
        DateTimeOffset notBefore,
        CancellationToken cancellationToken
    )
    {
        await using var database = DataSources.HealthConnections(connectionString);
        await using var command = database.CreateCommand(
            """
            INSERT INTO token_revocations AS r (tenant_id, not_before) VALUES ($1, $2)
            ON CONFLICT (tenant_id) DO UPDATE SET not_before = greatest(r.not_before, excluded.not_before)
            RETURNING not_before
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = notBefore });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetFieldValue<DateTimeOffset>(0);
    }
}
