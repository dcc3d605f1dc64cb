using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The PostgreSQL server that the service runs itself during the lifetime of this object. Its files are below
/// <c>postgres</c> in the data directory. Only one service at a time may use that directory. If the service is killed,
/// PostgreSQL continues to run, and the next start adopts it.
/// </summary>
public sealed partial class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _minPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _maxPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _stableAfter = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _leftoverTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _loginInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _logInterval = TimeSpan.FromSeconds(10);

    private static readonly string[] _passingStates =
    [
        PostgresErrorCodes.CannotConnectNow,
        PostgresErrorCodes.AdminShutdown,
        // A recovery has not reached its target yet.
        PostgresErrorCodes.ReadOnlySqlTransaction,
        PostgresErrorCodes.CrashShutdown,
        PostgresErrorCodes.TooManyConnections,
        // The CREATE DATABASE of a killed service is still running.
        PostgresErrorCodes.DuplicateDatabase,
        PostgresErrorCodes.UniqueViolation,
        PostgresErrorCodes.ObjectInUse,
    ];

    private readonly PostgresCluster _cluster;
    private readonly PostgresInstallation _programs;
    private readonly string _password;
    private readonly int? _port;
    private readonly DirectoryLock _lock;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1); // start and stop are mutually exclusive
    private readonly CancellationTokenSource _disposing = new();
    private Postmaster? _postmaster;
    private bool _hasLaunched;
    private bool _isDisposed;

    private PostgresServer(
        PostgresCluster cluster,
        PostgresInstallation programs,
        string password,
        int? port,
        DirectoryLock directoryLock,
        ILogger logger
    )
    {
        _cluster = cluster;
        _programs = programs;
        _password = password;
        _port = port;
        _lock = directoryLock;
        _logger = logger;
    }

    /// <summary>
    /// The Npgsql connection string of the service's database, with the role that owns it. It does not change when
    /// PostgreSQL is restarted.
    /// </summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>The parameters with which the superuser connects.</summary>
    public PsqlConnection Superuser => Connection(_postmaster!, _password, _programs);

    /// <summary>
    /// Starts PostgreSQL on the data directory, or adopts a server that a killed service left running. Returns when the
    /// server accepts connections. The first start creates the cluster and the database. The wait for recovery after a
    /// crash has no timeout.
    /// </summary>
    /// <param name="directory">The data directory of the service. It is created if it does not exist.</param>
    /// <param name="options">The settings.</param>
    /// <param name="logger">Logs starts, adoptions, ends and failures.</param>
    /// <param name="cancellationToken">Cancels the start. A server that this call started is then stopped.</param>
    /// <exception cref="EmbeddedPostgresException">
    /// The programs do not exist or have the wrong version; the directory is used by another service, inaccessible or
    /// damaged; the port is in use; or PostgreSQL does not start. An existing cluster is not changed in these cases.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public static async Task<PostgresServer> StartAsync(
        DataDirectory directory,
        EmbeddedPostgresOptions options,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        try
        {
            PostgresOsAccount account = PostgresOsAccount.Resolve(options);
            directory.Create();
            DirectoryLock directoryLock = DirectoryLock.Acquire(directory);
            try
            {
                return await StartLockedAsync(directory, account, options, directoryLock, logger, cancellationToken);
            }
            catch
            {
                directoryLock.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Inaccessible(directory, exception);
        }
    }

    /// <summary>
    /// Returns the connection parameters of the server that a service currently runs on the data directory.
    /// </summary>
    /// <exception cref="EmbeddedPostgresException">
    /// No server runs there, or the caller may not read the directory.
    /// </exception>
    public static PsqlConnection GetConnectionInfo(DataDirectory directory, EmbeddedPostgresOptions options)
    {
        try
        {
            PostgresOsAccount account = PostgresOsAccount.Resolve(options);
            var cluster = new PostgresCluster(directory, account);
            if (cluster.FindRunning() is not { IsReady: true } running)
            {
                throw new EmbeddedPostgresException(
                    $"No PostgreSQL runs in {directory.Path}: start the service first, with the same DataDirectory."
                );
            }

            PostgresInstallation programs = PostgresInstallation
                .FindAsync(options, account, cluster.ReadMajor(), CancellationToken.None)
                .GetAwaiter()
                .GetResult();
            return Connection(running, cluster.ReadPassword(), programs);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Inaccessible(directory, exception);
        }
    }

    /// <summary>
    /// Restarts PostgreSQL at the same address when it ends by itself. While restarts fail, the interval between them
    /// grows up to 10 s. The method returns after cancellation or disposal, and does not throw. It must not be called
    /// twice or after disposal.
    /// </summary>
    /// <param name="cancellationToken">Ends the supervision. PostgreSQL continues to run.</param>
    public async Task SuperviseAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        TimeSpan pause = TimeSpan.Zero;
        long? lastAttempt = null;
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(_pollInterval, ending.Token);
                if (_postmaster!.IsRunningOn(_cluster.ClusterDirectory))
                {
                    continue;
                }

                // The first restart has no delay. If it fails or the server soon ends again, the delay grows.
                bool isRepeated = lastAttempt is { } last && Stopwatch.GetElapsedTime(last) < _stableAfter;
                pause =
                    !isRepeated ? TimeSpan.Zero
                    : pause < _minPause ? _minPause
                    : pause * 2 < _maxPause ? pause * 2
                    : _maxPause;
                LogEnded(_postmaster.Pid, pause.TotalSeconds);
                await Task.Delay(pause, ending.Token);
                lastAttempt = Stopwatch.GetTimestamp();
                await EnsureRunningAsync(ending.Token);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                LogNotRestarted(exception.Message);
            }
        }
    }

    /// <summary>
    /// Stops PostgreSQL and releases the data directory. The stop ends all sessions and writes a checkpoint. The method
    /// does not throw.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            (await StopAndKeepLockAsync()).Dispose();
        }
    }

    /// <summary>Does the same as the disposal, but returns the lock of the data directory.</summary>
    internal async Task<DirectoryLock> StopAndKeepLockAsync()
    {
        _isDisposed = true;
        await _disposing.CancelAsync();
        await _gate.WaitAsync();
        await StopAsync();
        _gate.Dispose();
        _disposing.Dispose();
        return _lock;
    }

    private static async Task<PostgresServer> StartLockedAsync(
        DataDirectory directory,
        PostgresOsAccount account,
        EmbeddedPostgresOptions options,
        DirectoryLock directoryLock,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        var cluster = new PostgresCluster(directory, account);
        await cluster.Replacement.FinishAsync();
        int? major = cluster.ReadMajor();
        PostgresInstallation programs = await PostgresInstallation.FindAsync(
            options,
            account,
            major,
            cancellationToken
        );
        if (major is null)
        {
            LogInitializing(logger, programs.Major, cluster.ClusterDirectory);
            await cluster.InitializeAsync(programs, cancellationToken);
        }

        var server = new PostgresServer(cluster, programs, cluster.ReadPassword(), options.Port, directoryLock, logger);
        try
        {
            await server.EnsureRunningAsync(cancellationToken);
        }
        catch
        {
            if (server._hasLaunched)
            {
                await server.StopAsync();
            }

            throw;
        }

        return server;
    }

    private async Task EnsureRunningAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            Postmaster? ready = null;
            if (_cluster.FindRunning() is { } found)
            {
                // The server may be stopping. In that case it ends, and this service starts the next one.
                ready = await WaitUntilReadyAsync(found.Pid, cancellationToken);
            }

            if (ready is not null)
            {
                await AdoptAsync(ready, cancellationToken);
            }
            else
            {
                ready = await LaunchAsync(cancellationToken);
            }

            _postmaster = ready;
            if (ConnectionString.Length == 0)
            {
                string password = await _cluster.ReadOwnerPasswordAsync(cancellationToken);
                ConnectionString = PostgresCluster
                    .Connection(ready.Endpoint, OwnerRole.Name, password)
                    .ConnectionString;
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task AdoptAsync(Postmaster running, CancellationToken cancellationToken)
    {
        LogAdopted(running.Pid, running.Endpoint);
        if (_port is { } port && port != running.Endpoint.Port)
        {
            LogPortWaits(port);
        }

        // After a restart, clients must find the server at its current address.
        await _cluster.WriteSettingsAsync(running.Endpoint, _programs, cancellationToken);
    }

    private async Task<Postmaster> LaunchAsync(CancellationToken cancellationToken)
    {
        long startTimestamp = Stopwatch.GetTimestamp();
        await _cluster.WriteSettingsAsync(
            _postmaster?.Endpoint ?? Endpoint.Choose(_cluster.DataDirectoryPath, _port),
            _programs,
            cancellationToken
        );
        _hasLaunched = true;
        ProgramResult started = await _cluster.StartAsync(_programs, cancellationToken);

        while (
            !started.Succeeded
            && IsBlockedByLeftovers(started)
            && Stopwatch.GetElapsedTime(startTimestamp) < _leftoverTimeout
        )
        {
            LogLeftovers(started.Reason);
            await Task.Delay(_minPause, cancellationToken);
            started = await _cluster.StartAsync(_programs, cancellationToken);
        }

        if (
            started.Succeeded
            && _cluster.FindRunning() is { } running
            && await WaitUntilReadyAsync(running.Pid, cancellationToken) is { } ready
        )
        {
            LogStarted(
                _programs.Major,
                ready.Pid,
                ready.Endpoint,
                (long)Stopwatch.GetElapsedTime(startTimestamp).TotalMilliseconds
            );
            return ready;
        }

        throw new EmbeddedPostgresException(
            $"PostgreSQL does not start on {_cluster.ClusterDirectory}: {started.Reason} "
                + $"(more in {_cluster.DataDirectoryPath}/start.log and cluster/log beside it)"
        );
    }

    /// <summary>
    /// Returns true if PostgreSQL did not start because a killed server has not ended completely. The sessions of a
    /// killed server end by themselves, but not all at once. Its process still exists for a moment after it has
    /// released everything that identifies it.
    /// </summary>
    // Searches the whole output, because the last line may come from a session that has just detected the end of its
    // server.
    private static bool IsBlockedByLeftovers(ProgramResult started) =>
        started.Output.Contains("shared memory block", StringComparison.Ordinal)
        || (
            started.Output.Contains("lock file", StringComparison.Ordinal)
            && started.Output.Contains("already exists", StringComparison.Ordinal)
        );

    /// <summary>
    /// Waits until a login succeeds and the database and its owner exist. Returns null if the process ends before that.
    /// </summary>
    private async Task<Postmaster?> WaitUntilReadyAsync(int pid, CancellationToken cancellationToken)
    {
        long lastLogged = Stopwatch.GetTimestamp();
        while (_cluster.FindRunning() is { } running && running.Pid == pid)
        {
            string obstacle = "it is starting or stopping";
            try
            {
                if (running.IsReady)
                {
                    await OpenDatabaseAsync(running.Endpoint, cancellationToken);
                    return running;
                }
            }
            catch (PostgresException exception) when (!_passingStates.Contains(exception.SqlState))
            {
                throw new EmbeddedPostgresException(
                    $"PostgreSQL on {_cluster.ClusterDirectory} refuses the service ({exception.MessageText}): "
                        + "the password file there or pg_hba.conf was changed, or the disk is full; "
                        + "restore what was changed.",
                    exception
                );
            }
            catch (NpgsqlException exception)
            {
                obstacle = exception.Message;
            }

            if (Stopwatch.GetElapsedTime(lastLogged) > _logInterval)
            {
                lastLogged = Stopwatch.GetTimestamp();
                LogWaiting(pid, obstacle);
            }

            await Task.Delay(_loginInterval, cancellationToken);
        }

        return null;
    }

    private async Task OpenDatabaseAsync(Endpoint endpoint, CancellationToken cancellationToken)
    {
        try
        {
            await EnsureOwnerAsync();
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            await using NpgsqlConnection connection = await OpenAsync(endpoint, "postgres", cancellationToken);
            await using var create = new NpgsqlCommand($"CREATE DATABASE {PostgresCluster.Database}", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
            await EnsureOwnerAsync();
        }

        async Task EnsureOwnerAsync()
        {
            await using NpgsqlConnection connection = await OpenAsync(
                endpoint,
                PostgresCluster.Database,
                cancellationToken
            );
            await OwnerRole.EnsureAsync(
                connection,
                await _cluster.ReadOwnerPasswordAsync(cancellationToken),
                cancellationToken
            );
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(
        Endpoint endpoint,
        string database,
        CancellationToken cancellationToken
    )
    {
        NpgsqlConnectionStringBuilder builder = PostgresCluster.Connection(
            endpoint,
            PostgresCluster.User,
            _password,
            database
        );
        builder.Pooling = false;
        builder.CommandTimeout = 0;
        var connection = new NpgsqlConnection(builder.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static PsqlConnection Connection(Postmaster running, string password, PostgresInstallation programs) =>
        new(
            running.Endpoint.Host,
            running.Endpoint.Port,
            PostgresCluster.User,
            PostgresCluster.Database,
            password,
            programs.Psql
        );

    private async Task StopAsync()
    {
        try
        {
            if (_cluster.FindRunning() is not { } running)
            {
                return;
            }

            ProgramResult stopped = await _cluster.StopAsync(_programs);
            if (stopped.Succeeded)
            {
                LogStopped(running.Pid);
            }
            else
            {
                LogNotStopped(running.Pid, stopped.Reason);
            }
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or EmbeddedPostgresException)
        {
            LogNotStopped(_postmaster?.Pid ?? 0, exception.Message);
        }
    }

    internal static EmbeddedPostgresException Inaccessible(DataDirectory directory, Exception exception) =>
        new(
            $"The data directory {directory.Path} cannot be used ({exception.Message}): "
                + "let the service's account read and write it, or set DataDirectory to another directory.",
            exception
        );

    [LoggerMessage(LogLevel.Information, "Making a PostgreSQL {Major} cluster in {Directory}")]
    private static partial void LogInitializing(ILogger logger, int major, string directory);

    [LoggerMessage(
        LogLevel.Information,
        "PostgreSQL {Major} runs as process {Pid} on {Endpoint}, started in {Milliseconds} ms"
    )]
    private partial void LogStarted(int major, int pid, Endpoint endpoint, long milliseconds);

    [LoggerMessage(LogLevel.Information, "PostgreSQL was still running as process {Pid} on {Endpoint}; using it")]
    private partial void LogAdopted(int pid, Endpoint endpoint);

    [LoggerMessage(
        LogLevel.Warning,
        "EmbeddedPostgres:Port {Port} takes effect when PostgreSQL has been stopped with the service"
    )]
    private partial void LogPortWaits(int port);

    [LoggerMessage(LogLevel.Information, "Waiting for PostgreSQL (process {Pid}): {Obstacle}")]
    private partial void LogWaiting(int pid, string obstacle);

    [LoggerMessage(LogLevel.Information, "Waiting for what is left of a killed PostgreSQL: {Reason}")]
    private partial void LogLeftovers(string reason);

    [LoggerMessage(
        LogLevel.Warning,
        "PostgreSQL (process {Pid}) has ended by itself; starting it again in {Seconds} s"
    )]
    private partial void LogEnded(int pid, double seconds);

    [LoggerMessage(LogLevel.Error, "PostgreSQL could not be started again: {Reason}")]
    private partial void LogNotRestarted(string reason);

    [LoggerMessage(LogLevel.Information, "PostgreSQL (process {Pid}) has stopped")]
    private partial void LogStopped(int pid);

    [LoggerMessage(
        LogLevel.Error,
        "PostgreSQL (process {Pid}) did not stop and may still run; the next start will adopt it: {Reason}"
    )]
    private partial void LogNotStopped(int pid, string reason);
}
