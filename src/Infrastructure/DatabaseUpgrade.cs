using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure;

/// <summary>
/// Moves the embedded database to the newest installed major version of PostgreSQL. The old data directory of
/// PostgreSQL is kept.
/// </summary>
/// <remarks>
/// The data goes through a dump. <c>pg_upgrade</c> is faster, but needs the client programs of the new version. It also
/// keeps the indexes, whose order is wrong if the upgrade of the operating system has brought other collations. The
/// programs of the old version dump and load, because they are there in any case. The loaded cluster is a server of its
/// own, so it has a new epoch, and delta tokens from before are invalid.
/// <para>
/// Everything new is in a directory of its own until it is complete and compared. So an interrupted upgrade leaves the
/// ledger as it was, and can be repeated.
/// </para>
/// </remarks>
public static partial class DatabaseUpgrade
{
    private const string WorkName = "upgrade";

    /// <summary>Upgrades the database. The service must not run.</summary>
    /// <param name="directory">The data directory of the service.</param>
    /// <param name="options">The settings of the embedded PostgreSQL, which specify the new programs.</param>
    /// <param name="oldBinDirectory">The directory of the old programs; null to search for them.</param>
    /// <param name="logger">Logs the progress.</param>
    /// <param name="cancellationToken">Cancels the upgrade. The ledger is as it was then.</param>
    /// <returns>The upgrade; null if an interrupted one had only to be completed.</returns>
    /// <exception cref="EmbeddedPostgresException">
    /// There is no database or no newer version, the old programs are not installed, the data directory is in use, or a
    /// program failed. The stored data is not changed in these cases.
    /// </exception>
    /// <exception cref="UnsupportedSchemaException">No migration leads to the schema of this version.</exception>
    public static async Task<UpgradedDatabase?> RunAsync(
        DataDirectory directory,
        EmbeddedPostgresOptions options,
        string? oldBinDirectory,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var account = PostgresOsAccount.Resolve(options);
            var cluster = new PostgresCluster(directory, account);
            if (cluster.Replacement.IsInterrupted)
            {
                using var directoryLock = DirectoryLock.Acquire(directory);
                await cluster.Replacement.FinishAsync();
                return null;
            }

            var major = cluster.ReadExistingMajor();
            var newPrograms = await PostgresInstallation.FindAsync(options, account, needed: null, cancellationToken);
            if (newPrograms.Major <= major)
            {
                throw new EmbeddedPostgresException(
                    $"The database in {directory.Path} belongs to PostgreSQL {major}, and no newer version was found "
                        + $"({newPrograms.Major} in {newPrograms.BinDirectory}): install it, "
                        + "or set EmbeddedPostgres:BinDirectory to the directory of its programs."
                );
            }

            var kept = cluster.Replacement.KeptPath(major);
            if (Path.Exists(kept))
            {
                throw new EmbeddedPostgresException(
                    $"{kept} exists, where the upgrade keeps the old database: delete it, or move it away."
                );
            }

            var oldPrograms = await PostgresInstallation.FindOldAsync(
                oldBinDirectory,
                major,
                account,
                cancellationToken
            );
            return await RunAsync(
                directory,
                cluster,
                new Side(directory, OptionsFor(oldPrograms)),
                new Side(
                    DataDirectory.Resolve(Path.Combine(directory.Path, WorkName), options),
                    OptionsFor(newPrograms)
                ),
                new UpgradedDatabase(major, newPrograms.Major, Runs: 0, kept),
                new ClientPrograms(oldPrograms),
                logger,
                cancellationToken
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw PostgresServer.Inaccessible(directory, exception);
        }

        EmbeddedPostgresOptions OptionsFor(PostgresInstallation programs) =>
            new() { BinDirectory = programs.BinDirectory, OsUser = options.OsUser };
    }

    private static async Task<UpgradedDatabase> RunAsync(
        DataDirectory directory,
        PostgresCluster cluster,
        Side old,
        Side next,
        UpgradedDatabase upgrade,
        ClientPrograms programs,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        await using var source = await PostgresServer.StartAsync(old.Directory, old.Options, logger, cancellationToken);
        var nextCluster = new PostgresCluster(next.Directory, PostgresOsAccount.Resolve(next.Options));
        await RemoveAsync(next, nextCluster, cancellationToken);
        try
        {
            next.Directory.Create();
            var runs = await CopyAsync(old, next, programs, logger, cancellationToken);
            RequireStopped(nextCluster);

            // Not canceled from here on: the caller must know which of the two databases is the current one.
            using var directoryLock = await source.StopAndKeepLockAsync();
            RequireStopped(cluster);
            await cluster.Replacement.ReplaceAsync(nextCluster.DataDirectoryPath, upgrade.OldMajor);
            return upgrade with { Runs = runs };
        }
        finally
        {
            try
            {
                await RemoveAsync(next, nextCluster, CancellationToken.None);
            }
            catch (Exception exception)
                when (exception is IOException or UnauthorizedAccessException or EmbeddedPostgresException)
            {
                // The result of the upgrade does not depend on it. The next upgrade removes what is left.
                LogLeft(logger, next.Directory.Path, exception.Message);
            }
        }
    }

    private static async Task<long> CopyAsync(
        Side old,
        Side next,
        ClientPrograms programs,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        var from = PostgresServer.GetConnectionInfo(old.Directory, old.Options);
        await using var source = await DatabaseRestore.OpenAsync(from, from.Database, cancellationToken);
        await RequireOnlyLedgerAsync(source, cancellationToken);

        var archive = Path.Combine(next.Directory.Path, "ledger.backup");
        await DatabaseBackup.WriteAsync(
            old.Directory,
            old.Options,
            archive,
            overwrite: false,
            logger,
            cancellationToken
        );

        await using var server = await PostgresServer.StartAsync(
            next.Directory,
            next.Options,
            logger,
            cancellationToken
        );
        var to = PostgresServer.GetConnectionInfo(next.Directory, next.Options);
        await using var administration = await DatabaseRestore.OpenAsync(to, "postgres", cancellationToken);
        await CopyRolesAsync(from, to, administration, next, programs, cancellationToken);

        // The archive also has the settings, the owner and the privileges of the database, so it creates the database.
        var failure = await DatabaseRestore.LoadAsync(
            programs.PgRestore,
            ["--create", "--clean", "--if-exists", "--dbname=postgres", archive],
            to,
            administration,
            logger,
            cancellationToken
        );
        Require(failure);
        await using (var target = await DatabaseRestore.OpenAsync(to, to.Database, cancellationToken))
        {
            await CompareAsync(source, target, cancellationToken);
        }

        var runs = await DatabaseRestore.PrepareAsync(to, logger, cancellationToken);
        await using var systemSettings = new NpgsqlCommand(
            """
            SELECT string_agg(DISTINCT name, ', ') FROM pg_file_settings
            WHERE sourcefile LIKE '%/postgresql.auto.conf'
            """,
            source
        );
        if (await systemSettings.ExecuteScalarAsync(cancellationToken) is string names)
        {
            LogSettings(logger, names);
        }

        return runs;
    }

    private static async Task RequireOnlyLedgerAsync(NpgsqlConnection source, CancellationToken cancellationToken)
    {
        await using var others = new NpgsqlCommand(
            """
            SELECT string_agg(datname, ', ' ORDER BY datname) FROM pg_database
            WHERE NOT datistemplate AND datname <> ALL ($1)
            """,
            source
        );
        string[] known = ["postgres", PostgresCluster.Database, DatabaseRestore.Loading, DatabaseRestore.Replaced];
        others.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = known });
        if (await others.ExecuteScalarAsync(cancellationToken) is string names)
        {
            throw new EmbeddedPostgresException(
                $"The upgrade moves only the database {PostgresCluster.Database}, and the server has others ({names}): "
                    + "dump and drop them first."
            );
        }
    }

    /// <summary>
    /// Copies the roles of the cluster with their passwords, settings and memberships. A role that the new cluster has
    /// of itself keeps its password, which is in a file there.
    /// </summary>
    private static async Task CopyRolesAsync(
        PsqlConnection from,
        PsqlConnection to,
        NpgsqlConnection administration,
        Side next,
        ClientPrograms programs,
        CancellationToken cancellationToken
    )
    {
        using var script = UnfinishedFile.Create(Path.Combine(next.Directory.Path, "roles.sql"), overwrite: false);
        var dump = await ClientProcess.RunAsync(
            programs.PgDumpAll,
            ["--roles-only", "--no-password", $"--file={script.Path}"],
            from,
            _ => { },
            cancellationToken
        );
        Require(dump.Succeeded ? null : dump.Reason);

        await using var present = new NpgsqlCommand(
            "SELECT array_agg(format('%I', rolname)) FROM pg_roles",
            administration
        );
        var roles = (string[])(await present.ExecuteScalarAsync(cancellationToken))!;
        var statements = (await File.ReadAllLinesAsync(script.Path, cancellationToken)).Where(line =>
            !roles.Any(role =>
                line == $"CREATE ROLE {role};" || line.StartsWith($"ALTER ROLE {role} WITH ", StringComparison.Ordinal)
            )
        );
        await File.WriteAllLinesAsync(script.Path, statements, cancellationToken);
        var load = await ClientProcess.RunAsync(
            programs.Psql,
            [
                "--no-psqlrc",
                "--quiet",
                "--no-password",
                "--single-transaction",
                "--set=ON_ERROR_STOP=1",
                "--dbname=postgres",
                $"--file={script.Path}",
            ],
            to,
            _ => { },
            cancellationToken
        );
        Require(load.Succeeded ? null : load.Reason);
    }

    /// <summary>Compares the number of rows of each table, while both servers run.</summary>
    private static async Task CompareAsync(
        NpgsqlConnection source,
        NpgsqlConnection target,
        CancellationToken cancellationToken
    )
    {
        var before = await CountAsync(source, cancellationToken);
        var after = await CountAsync(target, cancellationToken);
        var difference = before.Except(after).Concat(after.Except(before)).FirstOrDefault();
        Require(
            difference.Key is null
                ? null
                : $"the table {difference.Key} has {before.GetValueOrDefault(difference.Key)} rows, and its copy has "
                    + $"{after.GetValueOrDefault(difference.Key)}; another program may have written to it"
        );
    }

    private static async Task<Dictionary<string, long>> CountAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        await using var statement = new NpgsqlCommand(
            """
            SELECT string_agg(format('SELECT %L, count(*) FROM %s', oid::regclass, oid::regclass), ' UNION ALL ')
            FROM pg_class
            WHERE relkind IN ('r', 'p') AND NOT relispartition
                AND relnamespace <> ALL (ARRAY['pg_catalog', 'information_schema']::regnamespace[])
                AND relpersistence <> 't'
            """,
            connection
        );
        var rows = new Dictionary<string, long>();
        if (await statement.ExecuteScalarAsync(cancellationToken) is string sql)
        {
            await using var counts = new NpgsqlCommand(sql, connection);
            await using var reader = await counts.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(reader.GetString(0), reader.GetInt64(1));
            }
        }

        return rows;
    }

    /// <summary>Removes the files of an upgrade, and stops its server if a killed upgrade left it running.</summary>
    private static async Task RemoveAsync(Side next, PostgresCluster cluster, CancellationToken cancellationToken)
    {
        if (cluster.FindRunning() is not null)
        {
            var account = PostgresOsAccount.Resolve(next.Options);
            var programs = await PostgresInstallation.FindAsync(next.Options, account, needed: null, cancellationToken);
            await cluster.StopAsync(programs);
            RequireStopped(cluster);
        }

        if (Directory.Exists(next.Directory.Path))
        {
            Directory.Delete(next.Directory.Path, recursive: true);
        }
    }

    private static void RequireStopped(PostgresCluster cluster)
    {
        if (cluster.FindRunning() is { } running)
        {
            Require($"PostgreSQL did not stop, its process is {running.Pid}");
        }
    }

    private static void Require(string? failure)
    {
        if (failure is not null)
        {
            throw new EmbeddedPostgresException(
                $"The upgrade failed, and the ledger was not changed ({failure}): "
                    + "correct the cause, and run the command again."
            );
        }
    }

    [LoggerMessage(
        LogLevel.Warning,
        "The new server has the default of each setting that ALTER SYSTEM changed on the old one: {Names}"
    )]
    private static partial void LogSettings(ILogger logger, string names);

    [LoggerMessage(LogLevel.Warning, "{Path} could not be removed ({Reason}), and is of no use anymore: delete it")]
    private static partial void LogLeft(ILogger logger, string path, string reason);

    /// <summary>A data directory, with the settings that specify the programs of its version.</summary>
    private sealed record Side(DataDirectory Directory, EmbeddedPostgresOptions Options);

    /// <summary>The client programs of the old version, which also load its dump into a later one.</summary>
    private sealed record ClientPrograms(string PgDumpAll, string PgRestore, string Psql)
    {
        public ClientPrograms(PostgresInstallation old)
            : this(old.ClientProgram("pg_dumpall"), old.ClientProgram("pg_restore"), old.ClientProgram("psql")) { }
    }
}
