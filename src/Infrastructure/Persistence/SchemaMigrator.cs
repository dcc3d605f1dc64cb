using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>How the database's schema stands to the one that this service was built with.</summary>
internal sealed partial class SchemaMigrator(IndustryDataContext context)
{
    /// <summary>The oldest PostgreSQL that is supported, as <c>server_version_num</c>.</summary>
    public const int MinServerVersionNum = 150000;

    private const long MigrationLock = 0x496E_6475_7374_7279;

    private static readonly TimeSpan _progressInterval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether a process applies migrations now. To be asked before <see cref="GetPendingMigrationsAsync"/>, which
    /// waits while a migration runs: EF locks the table of applied migrations.
    /// </summary>
    public static async Task<bool> IsMigratingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // pg_locks shows a key of 64 bits as two halves, with objsubid 1.
        await using var command = new NpgsqlCommand(
            $"""
            SELECT EXISTS (
                SELECT FROM pg_locks
                WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND classid = {MigrationLock >> 32} AND objid = {MigrationLock
                & 0xFFFF_FFFF} AND objsubid = 1 AND granted)
            """,
            connection
        );
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>
    /// The migrations that the database lacks; an older service may go on with a schema that has more than it knows.
    /// </summary>
    public async Task<IReadOnlyList<string>> GetPendingMigrationsAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        await using var exists = new NpgsqlCommand(
            """SELECT to_regclass('"__EFMigrationsHistory"') IS NOT NULL""",
            connection
        );
        if (await exists.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return [.. context.Database.GetMigrations()];
        }

        await using var applied = new NpgsqlCommand(
            """SELECT array_agg("MigrationId"::text) FROM "__EFMigrationsHistory" """,
            connection
        );
        var known = await applied.ExecuteScalarAsync(cancellationToken) as string[] ?? [];
        return [.. context.Database.GetMigrations().Except(known)];
    }

    /// <summary>
    /// Applies every migration that is missing, also when several services do so at once. There is no command timeout:
    /// a migration may take as long as it needs, and so may the wait for another service that migrates.
    /// </summary>
    /// <param name="connection">An open connection. All is done on it.</param>
    /// <param name="logger">Receives each migration and, every 10 seconds, what is still running.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The migrations that were applied.</returns>
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
        await using var context = new IndustryDataContext(options.Options);
        var schema = new SchemaMigrator(context);

        // EF's own lock ends with each migration, so that two services can come to apply the second one both.
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
            if (missing.Count > 0)
            {
                progress.Begin(missing.Count);
                await progress.ReportAsync(context.Database.MigrateAsync(cancellationToken));
                LogMigrated(logger, missing.Count, progress.Elapsed.TotalSeconds);
            }

            return missing;
        }
        finally
        {
            // The lock of a broken connection is gone already.
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await release.ExecuteNonQueryAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>Tells what is being done and for how long.</summary>
    private sealed class Progress(ILogger logger)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private int _count;
        private int _number;
        private string? _migration;

        public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

        public void Begin(int count) => _count = count;

        /// <summary>EF begins a migration.</summary>
        public void Note(EventData migration)
        {
            _migration = (migration as MigrationEventData)?.Migration.GetType().Name ?? "";
            LogMigration(logger, ++_number, _count, _migration);
        }

        /// <summary>Waits for the work and reports every 10 seconds that it is still running.</summary>
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
