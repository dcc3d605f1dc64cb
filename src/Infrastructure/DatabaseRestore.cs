using System.Globalization;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.Infrastructure.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure;

/// <summary>
/// Loads a file of <see cref="DatabaseBackup"/> into the embedded database of an empty data directory.
/// </summary>
/// <remarks>
/// The file is loaded into a database of its own, which takes the name of the service's database in one transaction
/// when it is complete. So an interrupted restore leaves the data directory empty, and can be repeated.
/// </remarks>
public static partial class DatabaseRestore
{
    // No database that an operator made has one of these names. Both are dropped before and after a restore.
    internal const string Loading = PostgresCluster.Database + "_restore_in_progress";
    internal const string Replaced = PostgresCluster.Database + "_empty_before_restore";
    private const string RunsEntry = " TABLE public runs ";
    private const string WorkerEnd = "worker process died";
    private const int MaxJobs = 4;

    // What a service that has no runs may have stored. Rows of every other table are data, also those of a table that
    // this version does not know.
    private static readonly string[] _bookkeepingTables =
    [
        "__EFMigrationsHistory",
        "database_epochs",
        "page_token_signing_keys",
        "run_counts",
        "run_starts",
        "run_tombstones",
        "idempotency_records",
        "imported_portions",
        "run_start_ranges",
        "run_start_versions",
        "outdated_run_hours",
        "run_hour_durations",
        "run_hour_failures",
        "run_hour_progress",
        "run_hours",
    ];

    private static readonly string[] _progressLines = ["processing data for table \"", "creating INDEX \""];

    /// <summary>
    /// Restores a backup. The service must not run. The restored database has the schema of this version, and a new
    /// epoch, so that delta tokens from before are invalid.
    /// </summary>
    /// <param name="directory">The data directory of the service. It is created if it does not exist.</param>
    /// <param name="options">The settings of the embedded PostgreSQL.</param>
    /// <param name="path">The path of the backup.</param>
    /// <param name="logger">Logs the progress.</param>
    /// <param name="cancellationToken">Cancels the restore. The data directory is still empty then.</param>
    /// <returns>The number of runs in the restored database.</returns>
    /// <exception cref="EmbeddedPostgresException">
    /// The file is not a backup, the data directory is in use or not empty, or <c>pg_restore</c> is not installed or
    /// failed. The stored data is not changed in these cases.
    /// </exception>
    /// <exception cref="UnsupportedSchemaException">No migration leads to the schema of this version.</exception>
    public static async Task<long> ReadAsync(
        DataDirectory directory,
        EmbeddedPostgresOptions options,
        string path,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        path = Path.GetFullPath(path);
        var account = PostgresOsAccount.Resolve(options);
        var cluster = new PostgresCluster(directory, account);
        var programs = await PostgresInstallation.FindAsync(options, account, cluster.ReadMajor(), cancellationToken);
        var program = programs.ClientProgram("pg_restore");
        await CheckArchiveAsync(program, path, cancellationToken);

        await using var server = await PostgresServer.StartAsync(directory, options, logger, cancellationToken);
        var connection = server.Superuser;
        await using var administration = await OpenAsync(connection, "postgres", cancellationToken);
        await RequireEmptyAsync(connection, directory, cancellationToken);
        try
        {
            await DropAsync(administration, cancellationToken);
            await ExecuteAsync(administration, $"CREATE DATABASE {Loading} TEMPLATE template0", cancellationToken);
            if (
                await LoadAsync(
                    program,
                    ["--no-owner", "--no-privileges", $"--dbname={Loading}", path],
                    connection with
                    {
                        Database = Loading,
                    },
                    administration,
                    logger,
                    cancellationToken
                ) is
                { } reason
            )
            {
                throw new EmbeddedPostgresException(
                    $"{path} was not restored ({reason}): "
                        + "correct the cause, or name another backup, and run the command again."
                );
            }

            var count = await PrepareAsync(connection with { Database = Loading }, logger, cancellationToken);
            await ReplaceAsync(administration, directory);
            return count;
        }
        finally
        {
            try
            {
                await DropAsync(administration, CancellationToken.None);
            }
            catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
            {
                // The server has ended, or has closed the connection. The next restore drops what is left.
            }
        }
    }

    private static async Task CheckArchiveAsync(string program, string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            throw new EmbeddedPostgresException($"{path} is not a file: name a file that the command backup wrote.");
        }

        var list = await ClientProcess.RunAsync(
            program,
            ["--list", path],
            connection: null,
            _ => { },
            cancellationToken
        );
        if (!list.Succeeded || !list.Output.Contains(RunsEntry, StringComparison.Ordinal))
        {
            var reason = list.Succeeded ? "it has no table of runs" : list.Reason;
            throw new EmbeddedPostgresException(
                $"{path} cannot be restored ({reason}): name a file that the command backup wrote."
            );
        }
    }

    private static async Task RequireEmptyAsync(
        PsqlConnection connection,
        DataDirectory directory,
        CancellationToken cancellationToken
    )
    {
        await using var database = await OpenAsync(connection, connection.Database, cancellationToken);
        await using var tables = new NpgsqlCommand(
            """
            SELECT coalesce(array_agg(format('%I.%I', schemaname, tablename) ORDER BY tablename), '{}') FROM pg_tables
            WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
                AND (schemaname <> 'public' OR tablename <> ALL ($1))
            """,
            database
        );
        tables.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = _bookkeepingTables });
        foreach (var table in (string[])(await tables.ExecuteScalarAsync(cancellationToken))!)
        {
            await using var hasRows = new NpgsqlCommand($"SELECT EXISTS (SELECT FROM {table})", database);
            if (await hasRows.ExecuteScalarAsync(cancellationToken) is true)
            {
                throw new EmbeddedPostgresException(
                    $"The database in {directory.Path} is not empty, its table {table} has rows, and it was not "
                        + "changed: set DataDirectory to a new directory, "
                        + $"or move {Path.Combine(directory.Path, "postgres")} away."
                );
            }
        }
    }

    /// <summary>Runs <c>pg_restore</c>.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">Its arguments, which name the file and how the database is loaded.</param>
    /// <param name="connection">The server, and the database that is loaded.</param>
    /// <param name="administration">A connection to another database of the server. It reads the progress.</param>
    /// <param name="logger">Logs the progress.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    /// <returns>The reason for which it failed; null if it succeeded.</returns>
    internal static async Task<string?> LoadAsync(
        string program,
        IEnumerable<string> arguments,
        PsqlConnection connection,
        NpgsqlConnection administration,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        var jobs = Math.Clamp(Environment.ProcessorCount, 1, MaxJobs);
        ProgramResult load;
        await using (new ProgressTimer(() => LogRowsAsync(administration, connection.Database, logger)))
        {
            load = await ClientProcess.RunAsync(
                program,
                [
                    "--verbose",
                    "--no-password",
                    "--exit-on-error",
                    string.Create(CultureInfo.InvariantCulture, $"--jobs={jobs}"),
                    .. arguments,
                ],
                connection,
                line => LogProgress(line, logger),
                cancellationToken
            );
        }

        // The parallel worker writes the cause, and then its leader writes that the worker ended.
        var lines = load.Output.Split('\n').Where(line => !line.Contains(WorkerEnd, StringComparison.Ordinal));
        return load.Succeeded ? null : ProgramResult.ReasonIn(string.Join('\n', lines)) ?? load.Reason;
    }

    private static void LogProgress(string line, ILogger logger)
    {
        if (_progressLines.Any(start => line.Contains(start, StringComparison.Ordinal)))
        {
            var text = line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            LogStep(logger, text.Replace("\"", "", StringComparison.Ordinal));
        }
    }

    private static async Task LogRowsAsync(NpgsqlConnection administration, string database, ILogger logger)
    {
        try
        {
            await using var command = new NpgsqlCommand(
                "SELECT sum(tuples_processed)::bigint FROM pg_stat_progress_copy WHERE datname = $1",
                administration
            );
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = database });
            if (await command.ExecuteScalarAsync() is long rows)
            {
                LogRows(logger, rows);
            }
        }
        catch (NpgsqlException)
        {
            // The server has ended. pg_restore says so.
        }
    }

    /// <summary>
    /// Completes a loaded database. The archive has the rows, but neither their statistics nor an epoch of this server.
    /// </summary>
    /// <returns>The number of runs.</returns>
    internal static async Task<long> PrepareAsync(
        PsqlConnection loaded,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        await DatabaseSchema.MigrateAsync(
            ConnectionString(loaded, loaded.Database),
            TimeSpan.Zero,
            cancellationToken,
            logger
        );
        await using var database = await OpenAsync(loaded, loaded.Database, cancellationToken);
        LogStep(logger, "collecting statistics");
        await ExecuteAsync(database, "ANALYZE", cancellationToken);
        await DatabaseEpochs.EnsureCurrentAsync(database, cancellationToken);
        await OwnerRole.GiveDatabaseAsync(database, cancellationToken);
        await using var count = new NpgsqlCommand("SELECT count(*) FROM runs", database);
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    // Not canceled: the caller must know whether the data was restored.
    private static async Task ReplaceAsync(NpgsqlConnection administration, DataDirectory directory)
    {
        try
        {
            await using var renaming = await administration.BeginTransactionAsync(CancellationToken.None);
            await ExecuteAsync(
                administration,
                $"ALTER DATABASE {PostgresCluster.Database} RENAME TO {Replaced}",
                CancellationToken.None
            );
            await ExecuteAsync(
                administration,
                $"ALTER DATABASE {Loading} RENAME TO {PostgresCluster.Database}",
                CancellationToken.None
            );
            await renaming.CommitAsync(CancellationToken.None);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            throw new EmbeddedPostgresException(
                $"Another program is connected to the database in {directory.Path}: "
                    + "end it (it may be a psql), and run the command again.",
                exception
            );
        }
    }

    private static async Task DropAsync(NpgsqlConnection administration, CancellationToken cancellationToken)
    {
        await ExecuteAsync(administration, $"DROP DATABASE IF EXISTS {Loading} WITH (FORCE)", cancellationToken);
        await ExecuteAsync(administration, $"DROP DATABASE IF EXISTS {Replaced} WITH (FORCE)", cancellationToken);
    }

    /// <summary>Opens a connection that is not pooled and has no command timeout.</summary>
    internal static async Task<NpgsqlConnection> OpenAsync(
        PsqlConnection connection,
        string database,
        CancellationToken cancellationToken
    )
    {
        var opened = new NpgsqlConnection(ConnectionString(connection, database));
        try
        {
            await opened.OpenAsync(cancellationToken);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    // Without a pool, no idle session keeps a database from being renamed or dropped.
    private static string ConnectionString(PsqlConnection connection, string database) =>
        new NpgsqlConnectionStringBuilder(connection.ConnectionString)
        {
            Database = database,
            Pooling = false,
            CommandTimeout = 0,
        }.ConnectionString;

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "{Rows} rows of the current tables restored")]
    private static partial void LogRows(ILogger logger, long rows);

    [LoggerMessage(LogLevel.Information, "Restoring: {Step}")]
    private static partial void LogStep(ILogger logger, string step);
}
