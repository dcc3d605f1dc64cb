using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Compares the schema of the database with the schema of this version of the service, and applies missing migrations.
/// </summary>
internal sealed partial class SchemaMigrator(IndustryDataContext context)
{
    /// <summary>The oldest supported version of PostgreSQL, as <c>server_version_num</c>.</summary>
    public const int MinServerVersionNum = 150000;

    private const long MigrationLock = 0x496E_6475_7374_7279;

    private static readonly TimeSpan _progressInterval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Determines whether a process is applying migrations. Call it before <see cref="GetPendingMigrationsAsync"/>,
    /// which waits while a migration runs, because EF Core locks the table of applied migrations.
    /// </summary>
    /// <returns>True if a process is applying migrations.</returns>
    public static async Task<bool> IsMigratingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // pg_locks shows a 64-bit key as two halves, with objsubid 1.
        var (high, low) = (MigrationLock >> 32, MigrationLock & 0xFFFF_FFFF);
        await using var command = new NpgsqlCommand(
            $"""
            SELECT EXISTS (
                SELECT FROM pg_locks
                WHERE locktype = 'advisory'
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND classid = {high} AND objid = {low} AND objsubid = 1 AND granted)
            """,
            connection
        );
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>
    /// Returns the migrations that the database lacks. Later migrations that this version does not know are ignored, so
    /// that an older service can use a newer schema.
    /// </summary>
    /// <exception cref="UnsupportedSchemaException">
    /// The database has a migration from before the first one. Its tables have other names.
    /// </exception>
    public async Task<IReadOnlyList<string>> GetPendingMigrationsAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        string[] all = [.. context.Database.GetMigrations()];
        await using var exists = new NpgsqlCommand(
            """SELECT to_regclass('"__EFMigrationsHistory"') IS NOT NULL""",
            connection
        );
        if (await exists.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return all;
        }

        // Before version 0.1.0, the column had EF Core's own name.
        await using var history = new NpgsqlCommand(
            """
            SELECT array_agg(coalesce(to_jsonb(applied) ->> 'migration_id', to_jsonb(applied) ->> 'MigrationId'))
            FROM "__EFMigrationsHistory" AS applied
            """,
            connection
        );
        var applied = await history.ExecuteScalarAsync(cancellationToken) as string[] ?? [];
        return applied.Any(id => string.CompareOrdinal(id, all[0]) < 0)
            ? throw new UnsupportedSchemaException()
            : [.. all.Except(applied)];
    }

    /// <summary>
    /// Applies all missing migrations. Several services can do this at the same time. There is no command timeout: a
    /// migration has no time limit, and neither has the wait for another service that migrates.
    /// </summary>
    /// <param name="connection">An open connection. All statements run on it.</param>
    /// <param name="logger">Logs each migration and, every 10 seconds, the migration that is still running.</param>
    /// <param name="cancellationToken">Cancels the wait and the migrations.</param>
    /// <returns>The names of the migrations that were applied.</returns>
    /// <exception cref="UnsupportedSchemaException">No migration leads to the schema of this version.</exception>
    /// <exception cref="MissingRolesException">The account cannot use the roles of the service.</exception>
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        NpgsqlConnection connection,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        var progress = new Progress(logger);
        var options = new DbContextOptionsBuilder<IndustryDataContext>()
            .UseNpgsql(connection, npgsql => npgsql.CommandTimeout(0))
            .LogTo((id, _) => id == RelationalEventId.MigrationApplying, progress.Note);
        IndustryDataContext.Configure(options);
        await using var context = new IndustryDataContext(options.Options);
        var schema = new SchemaMigrator(context);

        // The lock of EF Core ends with each migration, so that two services could both apply the second migration.
        await using var acquire = new NpgsqlCommand($"SELECT pg_advisory_lock({MigrationLock})", connection)
        {
            CommandTimeout = 0,
        };
        await using var release = new NpgsqlCommand($"SELECT pg_advisory_unlock({MigrationLock})", connection)
        {
            CommandTimeout = 0,
        };
        await progress.ReportAsync(acquire.ExecuteNonQueryAsync(cancellationToken));
        try
        {
            var missing = await schema.GetPendingMigrationsAsync(connection, cancellationToken);
            await ServiceRoles.EnsureAsync(connection, cancellationToken);
            if (missing.Count > 0)
            {
                progress.Begin(missing.Count);
                await progress.ReportAsync(context.Database.MigrateAsync(cancellationToken));
                LogMigrated(logger, missing.Count, progress.Elapsed.TotalSeconds);
            }

            await ServiceRoles.RestorePrivilegesAsync(connection, cancellationToken);
            return missing;
        }
        finally
        {
            // If the connection is broken, its lock has already ended with its session.
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await release.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>Logs the progress of the migrations.</summary>
    private sealed class Progress(ILogger logger)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private int _count;
        private int _number;
        private string? _migration;

        public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

        public void Begin(int count) => _count = count;

        /// <summary>Records and logs that EF Core starts a migration.</summary>
        public void Note(EventData migration)
        {
            _migration = (migration as MigrationEventData)?.Migration.GetType().Name ?? "";
            LogMigration(logger, ++_number, _count, _migration);
        }

        /// <summary>Waits for the work and logs every 10 seconds that it is still running.</summary>
        public async Task ReportAsync(Task work)
        {
            while (await Task.WhenAny(work, Task.Delay(_progressInterval, CancellationToken.None)) != work)
            {
                if (_migration is null)
                {
                    LogWaiting(logger, Elapsed.TotalSeconds);
                }
                else
                {
                    LogRunning(logger, _number, _count, _migration, Elapsed.TotalSeconds);
                }
            }

            await work;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Applying migration {Number} of {Count}: {Migration}")]
    private static partial void LogMigration(ILogger logger, int number, int count, string migration);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Migration {Number} of {Count}, {Migration}, is running; {Seconds:F0} s since the start"
    )]
    private static partial void LogRunning(ILogger logger, int number, int count, string migration, double seconds);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Waiting for another process that migrates this database; {Seconds:F0} s so far"
    )]
    private static partial void LogWaiting(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied {Count} migrations in {Seconds:F0} s")]
    private static partial void LogMigrated(ILogger logger, int count, double seconds);
}
