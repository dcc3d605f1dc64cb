using System.Globalization;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.Logging;

namespace IndustryData.Infrastructure;

/// <summary>
/// Writes the embedded database into a file while the service runs. The file is an archive of <c>pg_dump</c> in the
/// custom format.
/// </summary>
/// <remarks>
/// <c>pg_dump</c> is more robust here than <c>pg_basebackup</c>. The archive is one file, is read in one snapshot, and
/// needs no WAL. It has no password and no settings, so <c>pg_restore</c> can load it into any server of the same or a
/// later version. A corrupt row makes the backup fail, and is not copied. The loaded database always has another
/// identity, so the service recognizes it as restored. A base backup restarts with the identity and the timeline of its
/// origin.
/// </remarks>
public static partial class DatabaseBackup
{
    private const string TableLine = "dumping contents of table ";

    /// <summary>
    /// Writes the backup. If the service does not run, PostgreSQL is started for the duration of the backup.
    /// </summary>
    /// <param name="directory">The data directory of the service.</param>
    /// <param name="options">The settings of the embedded PostgreSQL.</param>
    /// <param name="path">The path of the file. It has mode 0600, and appears when it is complete and on disk.</param>
    /// <param name="overwrite">True if a file that exists there is replaced.</param>
    /// <param name="logger">Logs the progress.</param>
    /// <param name="cancellationToken">Cancels the backup. No file is left then.</param>
    /// <returns>The number of bytes of the file.</returns>
    /// <exception cref="EmbeddedPostgresException">
    /// There is no database, the file exists or cannot be written, or <c>pg_dump</c> is not installed or failed.
    /// </exception>
    public static async Task<long> WriteAsync(
        DataDirectory directory,
        EmbeddedPostgresOptions options,
        string path,
        bool overwrite,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        path = Path.GetFullPath(path);
        var account = PostgresOsAccount.Resolve(options);
        var cluster = new PostgresCluster(directory, account);
        var programs = await PostgresInstallation.FindAsync(
            options,
            account,
            cluster.ReadExistingMajor(),
            cancellationToken
        );
        var program = programs.ClientProgram("pg_dump");

        // Created before PostgreSQL is started: a name that cannot be used is refused at once.
        using var file = UnfinishedFile.Create(path, overwrite);
        await using var server = cluster.FindRunning() is null
            ? await PostgresServer.StartAsync(directory, options, logger, cancellationToken)
            : null;
        var connection = PostgresServer.GetConnectionInfo(directory, options);

        ProgramResult dump;
        await using (new ProgressTimer(() => LogSizeAsync(file, logger)))
        {
            dump = await ClientProcess.RunAsync(
                program,
                [
                    "--format=custom",
                    "--verbose",
                    "--no-password",
                    $"--file={file.Path}",
                    $"--dbname={connection.Database}",
                ],
                connection,
                line =>
                {
                    if (line.IndexOf(TableLine, StringComparison.Ordinal) is >= 0 and var start)
                    {
                        LogTable(
                            logger,
                            line[(start + TableLine.Length)..].Replace("\"", "", StringComparison.Ordinal)
                        );
                    }
                },
                cancellationToken
            );
        }

        if (!dump.Succeeded)
        {
            throw new EmbeddedPostgresException(
                $"The backup failed, and {path} was not written ({dump.Reason}): "
                    + "correct the cause, and run the command again."
            );
        }

        var length = file.Length;
        await file.CompleteAsync();
        return length;
    }

    private static Task LogSizeAsync(UnfinishedFile file, ILogger logger)
    {
        LogSize(logger, (file.Length / 1e6).ToString("0.0", CultureInfo.InvariantCulture));
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Information, "Backing up table {Table}")]
    private static partial void LogTable(ILogger logger, string table);

    [LoggerMessage(LogLevel.Information, "{Megabytes} MB written")]
    private static partial void LogSize(ILogger logger, string megabytes);
}
