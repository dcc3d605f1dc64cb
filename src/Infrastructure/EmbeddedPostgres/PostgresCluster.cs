using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// Manages the files of the embedded PostgreSQL below the data directory, and runs the programs that use them.
/// </summary>
internal sealed class PostgresCluster
{
    public const string User = "industrydata";
    public const string Database = "industrydata";

    private const string PasswordName = $"{User}.password";

    // Names relative to the working directory. pg_ctl passes its arguments to a shell, where a quotation mark in a path
    // would end the string.
    private const string ClusterName = "cluster";
    private const string UnfinishedPrefix = "cluster.new-";
    private const string NewPasswordName = "password.initdb";
    private const string StartLogName = "start.log";

    private readonly PostgresOsAccount _account;
    private readonly string _passwordFile;
    private readonly string _ownerPasswordFile;
    private readonly string _pidFile;

    public PostgresCluster(DataDirectory directory, PostgresOsAccount account)
    {
        _account = account;
        DataDirectoryPath = Path.Combine(directory.Path, "postgres");
        ClusterDirectory = Path.Combine(DataDirectoryPath, ClusterName);
        Replacement = new ClusterReplacement(DataDirectoryPath);
        _passwordFile = Path.Combine(ClusterDirectory, PasswordName);
        _ownerPasswordFile = Path.Combine(ClusterDirectory, $"{OwnerRole.Name}.password");
        _pidFile = Path.Combine(ClusterDirectory, "postmaster.pid");
    }

    /// <summary>
    /// The directory with all files of PostgreSQL, including its socket. Only the account can access it.
    /// </summary>
    public string DataDirectoryPath { get; }

    /// <summary>The data directory of PostgreSQL itself.</summary>
    public string ClusterDirectory { get; }

    /// <summary>The replacement of <see cref="DataDirectoryPath"/> by an upgrade.</summary>
    public ClusterReplacement Replacement { get; }

    /// <summary>Returns the major version that created the cluster.</summary>
    /// <exception cref="EmbeddedPostgresException">There is no cluster.</exception>
    public int ReadExistingMajor() =>
        ReadMajor()
        ?? throw new EmbeddedPostgresException(
            $"There is no database in {Path.GetDirectoryName(DataDirectoryPath)} that this account can read: "
                + "set DataDirectory to the directory of the service, or use the account of the service."
        );

    /// <summary>Returns the major version that created the cluster; null if there is no cluster yet.</summary>
    public int? ReadMajor()
    {
        if (!Directory.Exists(ClusterDirectory))
        {
            // Another directory would be initialized in place of the upgraded one.
            return !Replacement.IsInterrupted
                ? null
                : throw new EmbeddedPostgresException(
                    $"An upgrade of {DataDirectoryPath} was interrupted before its last step: "
                        + "start the service, or run the command upgrade; both complete it."
                );
        }

        string path = Path.Combine(ClusterDirectory, "PG_VERSION");
        return
            File.Exists(path)
            && int.TryParse(
                File.ReadAllText(path).Trim(),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int major
            )
            ? major
            : throw new EmbeddedPostgresException(
                $"{ClusterDirectory} is not a PostgreSQL cluster, its PG_VERSION cannot be read: "
                    + "restore the directory from a backup, or move it away to start with an empty cluster."
            );
    }

    public string ReadPassword() =>
        File.Exists(_passwordFile)
            ? File.ReadAllText(_passwordFile)
            : throw new EmbeddedPostgresException(
                $"{_passwordFile} is missing, and without it no login to the data beside it is possible: "
                    + $"restore the file from a backup, or set a new password for the role {User} "
                    + $"(a 'trust' line in {ClusterDirectory}/pg_hba.conf lets you in) and write it there, mode 0600."
            );

    /// <summary>Returns the password of the owner of the database. It is created if it does not exist.</summary>
    public async Task<string> ReadOwnerPasswordAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_ownerPasswordFile))
        {
            await _account.WriteFileAsync(
                _ownerPasswordFile,
                RandomNumberGenerator.GetHexString(64, lowercase: true),
                cancellationToken
            );
        }

        return await File.ReadAllTextAsync(_ownerPasswordFile, cancellationToken);
    }

    /// <summary>
    /// Creates the cluster. The cluster directory gets its final name only when it is complete. The files of an
    /// interrupted attempt are removed.
    /// </summary>
    public async Task InitializeAsync(PostgresInstallation programs, CancellationToken cancellationToken)
    {
        await _account.CreateOwnedDirectoryAsync(DataDirectoryPath, cancellationToken);
        RemoveUnfinished();

        // The name is unique, because the initdb of a killed service may still be running. It removes its directory
        // when it fails.
        string unfinishedName = UnfinishedPrefix + RandomNumberGenerator.GetHexString(8, lowercase: true);
        string unfinished = Path.Combine(DataDirectoryPath, unfinishedName);
        string password = RandomNumberGenerator.GetHexString(64, lowercase: true);
        string passwordForInitdb = Path.Combine(DataDirectoryPath, NewPasswordName);
        await _account.WriteFileAsync(passwordForInitdb, password, cancellationToken);
        ProgramResult initdb = await _account.RunAsync(
            programs.Initdb,
            [
                "-D",
                unfinishedName,
                "--username",
                User,
                "--pwfile",
                NewPasswordName,
                "--auth",
                "scram-sha-256",
                "--encoding",
                "UTF8",
                "--no-locale",
                "--data-checksums",
            ],
            DataDirectoryPath,
            cancellationToken
        );
        File.Delete(passwordForInitdb);
        if (!initdb.Succeeded)
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL cannot make its files in {DataDirectoryPath}: {initdb.Reason}"
            );
        }

        string configuration = Path.Combine(unfinished, "postgresql.conf");
        await _account.WriteFileAsync(
            configuration,
            await File.ReadAllTextAsync(configuration, cancellationToken) + ServerSettings.Include,
            cancellationToken
        );

        // The password file is in the cluster directory, so that it is restored and removed together with the data that
        // it gives access to.
        await _account.WriteFileAsync(Path.Combine(unfinished, PasswordName), password, cancellationToken);
        Directory.Move(unfinished, ClusterDirectory);
        if (!OperatingSystem.IsWindows())
        {
            // Otherwise, a power failure could undo the rename, and lose the data committed since then.
            await _account.RunAsync("sync", ["."], DataDirectoryPath, cancellationToken);
        }
    }

    /// <summary>Writes the settings of the service. The server reads them when it starts.</summary>
    public async Task WriteSettingsAsync(
        Endpoint endpoint,
        PostgresInstallation programs,
        CancellationToken cancellationToken
    )
    {
        await WriteAsync(ServerSettings.Pglz);

        // The program reads the file that was just written, and fails if it does not know the value.
        ProgramResult lz4 = await _account.RunAsync(
            programs.Postgres,
            [
                "-C",
                ServerSettings.WalCompression,
                "-c",
                $"{ServerSettings.WalCompression}={ServerSettings.Lz4}",
                "-D",
                ClusterName,
            ],
            DataDirectoryPath,
            cancellationToken
        );
        if (lz4.Succeeded)
        {
            await WriteAsync(ServerSettings.Lz4);
        }

        Task WriteAsync(string walCompression) =>
            _account.WriteFileAsync(
                Path.Combine(ClusterDirectory, ServerSettings.FileName),
                ServerSettings.Render(endpoint, walCompression),
                cancellationToken
            );
    }

    /// <summary>Returns the server that runs on this cluster; null if there is none.</summary>
    public Postmaster? FindRunning() =>
        Postmaster.Read(_pidFile) is { } named && named.IsRunningOn(ClusterDirectory) ? named : null;

    /// <summary>
    /// Starts the server and waits until it is ready. The server outlives the service, and Ctrl+C in the service's
    /// terminal does not reach it. Cancellation ends the wait, but does not stop the server.
    /// </summary>
    public async Task<ProgramResult> StartAsync(PostgresInstallation programs, CancellationToken cancellationToken)
    {
        await ClearReusedPidsAsync(cancellationToken);
        File.Delete(Path.Combine(DataDirectoryPath, StartLogName));
        DateTime startTime = TimeProvider.System.GetUtcNow().UtcDateTime;

        // Recovery after a crash may take long, so the timeout is long. pg_ctl returns at once when the server ends.
        Task<ProgramResult> starting = _account.RunAsync(
            programs.PgCtl,
            ["start", "-D", ClusterName, "-l", StartLogName, "-s", "-w", "-t", "1000000"],
            DataDirectoryPath,
            CancellationToken.None
        );
        ProgramResult started;
        try
        {
            started = await starting.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The server cannot be stopped before it has written its process id.
            while (!starting.IsCompleted && FindRunning() is null)
            {
                await Task.Delay(20, CancellationToken.None);
            }

            throw;
        }

        return started.Succeeded ? started : started with { Output = $"{started.Output}\n{ReadLogsSince(startTime)}" };
    }

    /// <summary>Ends all sessions, writes a checkpoint and stops the server.</summary>
    public Task<ProgramResult> StopAsync(PostgresInstallation programs) =>
        _account.RunAsync(
            programs.PgCtl,
            ["stop", "-D", ClusterName, "-m", "fast", "-s", "-w", "-t", "600"],
            DataDirectoryPath,
            CancellationToken.None
        );

    /// <summary>Returns the connection string of the service's database or of another database.</summary>
    public static NpgsqlConnectionStringBuilder Connection(
        Endpoint endpoint,
        string user,
        string password,
        string database = Database
    ) =>
        new()
        {
            Host = endpoint.Host,
            Port = endpoint.Port,
            Username = user,
            Password = password,
            Database = database,
            SslMode = SslMode.Disable, // the connection is local, and the negotiation costs a round trip
            GssEncryptionMode = GssEncryptionMode.Disable,
        };

    /// <summary>
    /// Replaces the process id in the lock files of a dead server if another process now has that id. PostgreSQL would
    /// not start otherwise. The rest of each file is kept, because PostgreSQL uses it to find processes of the old
    /// server that still hold its shared memory.
    /// </summary>
    private async Task ClearReusedPidsAsync(CancellationToken cancellationToken)
    {
        const int unusedPid = int.MaxValue;
        foreach (string lockFile in Directory.GetFiles(DataDirectoryPath, ".s.PGSQL.*.lock").Append(_pidFile))
        {
            if (Postmaster.Read(lockFile) is { } stale && stale.IsPidReused(ClusterDirectory))
            {
                string[] lines = await File.ReadAllLinesAsync(lockFile, cancellationToken);
                lines[0] = unusedPid.ToString(CultureInfo.InvariantCulture);
                await _account.WriteFileAsync(lockFile, string.Join('\n', lines) + "\n", cancellationToken);
            }
        }
    }

    private void RemoveUnfinished()
    {
        foreach (string left in Directory.GetDirectories(DataDirectoryPath, UnfinishedPrefix + "*"))
        {
            try
            {
                Directory.Delete(left, recursive: true);
            }
            catch (IOException)
            {
                // A process still writes to the directory. The directory does no harm.
            }
        }
    }

    private string ReadLogsSince(DateTime instant)
    {
        var logs = new DirectoryInfo(Path.Combine(ClusterDirectory, "log"));
        return string.Join(
            '\n',
            (logs.Exists ? logs.GetFiles() : [])
                .Append(new FileInfo(Path.Combine(DataDirectoryPath, StartLogName)))
                .Where(log => log.Exists && log.LastWriteTimeUtc >= instant)
                .OrderBy(log => log.LastWriteTimeUtc)
                .Select(ReadEnd)
        );
    }

    private static string ReadEnd(FileInfo log)
    {
        const int enough = 16 * 1024;
        using var file = new FileStream(
            log.FullName,
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite | FileShare.Delete
        );
        file.Seek(-Math.Min(enough, file.Length), SeekOrigin.End);
        using var reader = new StreamReader(file, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
