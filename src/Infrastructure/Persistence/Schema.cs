using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>How the database's schema stands to the one that this service was built with.</summary>
internal sealed class Schema(IndustryDataContext context)
{
    /// <summary>The oldest PostgreSQL that is supported, as <c>server_version_num</c>.</summary>
    public const int OldestServer = 150000;

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

    /// <summary>Applies every migration that is missing. Safe when several services do so at once.</summary>
    public Task MigrateAsync(CancellationToken cancellationToken) => context.Database.MigrateAsync(cancellationToken);
}
