using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>How the database's schema stands to the one that this service was built with.</summary>
internal sealed class Schema(IndustryDataContext context)
{
    /// <summary>The oldest PostgreSQL that is supported, as <c>server_version_num</c>.</summary>
    public const int OldestServer = 150000;

    private const long MigrationLock = 0x496E_6475_7374_7279;

    /// <summary>The migrations that the database lacks; an older service may go on with a schema that has more than it knows.</summary>
    public async Task<IReadOnlyList<string>> MissingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var exists = new NpgsqlCommand("""SELECT to_regclass('"__EFMigrationsHistory"') IS NOT NULL""", connection);
        if (await exists.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return [.. context.Database.GetMigrations()];
        }

        await using var applied = new NpgsqlCommand("""SELECT array_agg("MigrationId"::text) FROM "__EFMigrationsHistory" """, connection);
        var known = await applied.ExecuteScalarAsync(cancellationToken) as string[] ?? [];
        return [.. context.Database.GetMigrations().Except(known)];
    }

    /// <summary>Applies every migration that is missing, also when several services do so at once.</summary>
    /// <returns>The migrations that were applied.</returns>
    public async Task<IReadOnlyList<string>> MigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // EF's own lock ends with each migration, so that two services can come to apply the second one both.
        await using var take = new NpgsqlCommand($"SELECT pg_advisory_lock({MigrationLock})", connection);
        await using var give = new NpgsqlCommand($"SELECT pg_advisory_unlock({MigrationLock})", connection);
        await take.ExecuteNonQueryAsync(cancellationToken);
        try
        {
            var missing = await MissingAsync(connection, cancellationToken);
            if (missing.Count > 0)
            {
                await context.Database.MigrateAsync(cancellationToken);
            }

            return missing;
        }
        finally
        {
            await give.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }
}
