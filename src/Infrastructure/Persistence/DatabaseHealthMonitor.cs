using System.Globalization;
using IndustryData.Application.Common;
using IndustryData.Infrastructure.Persistence.Distribution;
using IndustryData.Infrastructure.Persistence.Standbys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Monitors the database by a heartbeat on a separate connection. While the database cannot serve (it does not answer,
/// is too old or lacks the schema), the service rejects requests at once instead of letting each one fail, and abandons
/// work that waits for the database.
/// </summary>
/// <param name="database">
/// The connections for heartbeats. They are separate, so that work that holds all other connections does not look like
/// an unavailable database.
/// </param>
/// <param name="maintenance">The connections for work that can take minutes.</param>
/// <param name="pools">The connections of all other work.</param>
/// <param name="standbys">The standbys that answer reads.</param>
/// <param name="availability">Signals to running work that the database has stopped answering.</param>
/// <param name="metrics">The metrics.</param>
/// <param name="options">The servers of the database.</param>
/// <param name="scopes">Creates the service scopes of probes.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Logs changes of the state.</param>
internal sealed partial class DatabaseHealthMonitor(
    [FromKeyedServices(DataSources.Health)] NpgsqlDataSource database,
    [FromKeyedServices(DataSources.Maintenance)] NpgsqlDataSource maintenance,
    ConnectionPools pools,
    StandbyServers standbys,
    DatabaseAvailability availability,
    DatabaseMetrics metrics,
    DatabaseOptions options,
    IServiceScopeFactory scopes,
    TimeProvider clock,
    ILogger<DatabaseHealthMonitor> logger
) : BackgroundService, IDatabaseHealth
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan _minProbeInterval = TimeSpan.FromMilliseconds(20);

    // A SELECT requires no flush, so a database with a slow disk still answers.
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(2);

    // The first probe includes JIT compilation.
    private static readonly TimeSpan _startTimeout = TimeSpan.FromSeconds(10);

    // A slower answer does not tell the clock of the server.
    private static readonly TimeSpan _maxClockAnswer = TimeSpan.FromSeconds(1);

    // A timer that is later than this shows that the process itself had no CPU time.
    private static readonly TimeSpan _maxTimerDelay = TimeSpan.FromMilliseconds(500);

    private const string StateSql = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";

    // Delta reads no change of a transaction that began before the oldest one that still writes (docs/adr/0009).
    private const string HeartbeatSql = $"""
        SELECT ({StateSql}), coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)::float8,
            clock_timestamp()
        FROM pg_stat_activity WHERE backend_xid IS NOT NULL
        """;

    private readonly SemaphoreSlim _probeRequested = new(0);
    private NpgsqlConnection? _heartbeat;
    private Task? _restore;
    private volatile DatabaseOutage? _outage = DatabaseOutages.Unavailable;
    private volatile bool _isReadOnly;
    private volatile string? _serverVersion;
    private double _deltaLagSeconds;
    private long _clockDifferenceTicks = long.MinValue;
    private bool _isLogged;

    // Standbys answer reads while the primary does not answer.
    public DatabaseOutage? Outage =>
        _outage is { } outage && !(outage == DatabaseOutages.Unavailable && standbys.CanServe) ? outage : null;

    public DatabaseOutage? WriteOutage =>
        _outage
        ?? (
            _isReadOnly ? DatabaseOutages.ReadOnly
            : availability.AreCommitsConfirmed ? null
            : DatabaseOutages.CommitsStalled
        );

    public string? ServerVersion => _serverVersion;

    public TimeSpan? ClockDifference =>
        Volatile.Read(ref _clockDifferenceTicks) is not long.MinValue and var ticks ? TimeSpan.FromTicks(ticks) : null;

    public IReadOnlyList<StandbyStatus> Standbys =>
        [.. standbys.All.Where(s => s.Lag is not null || !s.Answers).Select(s => new StandbyStatus(s.IsUsable, s.Lag))];

    public DatabaseOutage? Classify(Exception exception)
    {
        var outage = OutageClassifier.Classify(exception);

        // A probe finds out whether the failure affects all requests. Until then, other requests continue. A request
        // that found the database busy needs no probe.
        var isDoubtful =
            outage is not null
            && outage != DatabaseOutages.QueryTimeout
            && outage.Code != DatabaseOutages.Busy.Code
            && outage.Code != DatabaseOutages.WriteQueueFull.Code;
        if (isDoubtful && _probeRequested.CurrentCount == 0)
        {
            _probeRequested.Release();
        }

        return outage;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.ObserveAvailability(() => (Outage is null, WriteOutage is null));
        metrics.ObserveDeltaLag(() => Volatile.Read(ref _deltaLagSeconds));

        // The first probe runs before the service starts, so that the service can answer its first request.
        await ProbeAsync(_startTimeout, Heartbeat.Failed, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _probeRequested.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var isRequested = false;
            try
            {
                isRequested = await _probeRequested.WaitAsync(
                    _outage is null ? _interval : TimeSpan.Zero,
                    stoppingToken
                );
                if (isRequested || _outage is not null)
                {
                    // Many requests may fail at once. One probe serves them all.
                    await Task.Delay(_outage is null ? _minProbeInterval : _interval, clock, stoppingToken);
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }

            // While the server takes no writes, each probe opens a new connection. If there are several hosts, another
            // one may have become the primary.
            var heartbeat = _outage is null && !_isReadOnly ? await BeatAsync() : Heartbeat.Failed;
            if (heartbeat == Heartbeat.Failed || (heartbeat == Heartbeat.Alive && isRequested))
            {
                await ProbeAsync(_timeout, heartbeat, stoppingToken);
            }
        }

        if (_heartbeat is { } connection)
        {
            await connection.DisposeAsync();
        }
    }

    /// <summary>Queries the database on the connection that stays open.</summary>
    private async Task<Heartbeat> BeatAsync()
    {
        // While the query runs, no other code may use the connection.
        var work = AskAsync(_heartbeat);
        _heartbeat = null;
        try
        {
            (_heartbeat, var isReadOnly) = await WithinAsync(_timeout, work);
            return isReadOnly ? Heartbeat.Failed : Heartbeat.Alive;
        }
        catch (TimeoutException)
        {
            // The database accepts or holds a connection, but does not answer.
            SetState(DatabaseOutages.Unavailable, isReadOnly: false, $"no answer within {_timeout.TotalSeconds} s");
            _ = CloseAsync(work);
            return Heartbeat.Silent;
        }
        catch (Exception)
        {
            return Heartbeat.Failed;
        }

        static async Task CloseAsync(Task<(NpgsqlConnection Connection, bool)> late)
        {
            await ((Task)late).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (late.IsCompletedSuccessfully)
            {
                await late.Result.Connection.DisposeAsync();
            }
        }
    }

    private async Task<(NpgsqlConnection Connection, bool IsReadOnly)> AskAsync(NpgsqlConnection? open)
    {
        var connection = open ?? await database.OpenConnectionAsync();
        try
        {
            await using var command = new NpgsqlCommand(HeartbeatSql, connection);
            var asked = clock.GetUtcNow();
            await using var row = await command.ExecuteReaderAsync();
            await row.ReadAsync();
            Volatile.Write(ref _deltaLagSeconds, row.GetDouble(1));
            var took = clock.GetUtcNow() - asked;
            if (took >= TimeSpan.Zero && took <= _maxClockAnswer)
            {
                Volatile.Write(ref _clockDifferenceTicks, (row.GetDateTime(2) - (asked + took / 2).UtcDateTime).Ticks);
            }

            return (connection, row.GetBoolean(0));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for an answer of the database, but not longer than the timeout.</summary>
    /// <exception cref="TimeoutException">
    /// The database did not answer. The work continues in the background, because a cancel request could also block.
    /// </exception>
    private async Task<T> WithinAsync<T>(TimeSpan timeout, Task<T> work)
    {
        for (var isLast = false; ; isLast = true)
        {
            var started = clock.GetTimestamp();
            try
            {
                return await work.WaitAsync(timeout, clock);
            }
            catch (TimeoutException) when (work.IsCompleted)
            {
                return await work;
            }
            catch (TimeoutException)
            {
                // The timer was late because the process had no CPU time. This does not indicate an outage.
                if (!isLast && clock.GetElapsedTime(started) > timeout + _maxTimerDelay)
                {
                    continue;
                }

                _ = work.ContinueWith(
                    late => late.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default
                );
                throw;
            }
        }
    }

    /// <summary>Determines whether the database can serve.</summary>
    /// <param name="timeout">The time to wait for the answer.</param>
    /// <param name="heartbeat">
    /// The result of the latest heartbeat. A database that answers it is available, even if it is too busy for a probe.
    /// </param>
    /// <param name="cancellationToken">Canceled when the service stops.</param>
    private async Task ProbeAsync(TimeSpan timeout, Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        try
        {
            var (outage, isReadOnly, reason) = await WithinAsync(timeout, ReadStateAsync(cancellationToken));
            SetState(outage, isReadOnly, reason);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The service stops.
        }
        catch (Exception exception)
        {
            // Any exception means that the database cannot be used. Rethrowing it would end the service.
            var outage = OutageClassifier.ClassifyProbe(exception, isAlive: heartbeat == Heartbeat.Alive);
            if (outage != DatabaseOutages.Busy || heartbeat != Heartbeat.Alive)
            {
                SetState(outage, isReadOnly: false, exception.Message);
            }
        }
    }

    private async Task<(DatabaseOutage? Outage, bool IsReadOnly, string Reason)> ReadStateAsync(
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var settings = new NpgsqlCommand(
            $"SELECT current_setting('server_version_num')::int, current_setting('fsync') = 'on', ({StateSql})",
            connection
        );
        int version;
        bool isDurable,
            isReadOnly;
        await using (var row = await settings.ExecuteReaderAsync(cancellationToken))
        {
            await row.ReadAsync(cancellationToken);
            (version, isDurable, isReadOnly) = (row.GetInt32(0), row.GetBoolean(1), row.GetBoolean(2));
        }

        // Since PostgreSQL 10, a version has two parts: 17.2 is 170002.
        _serverVersion = string.Create(CultureInfo.InvariantCulture, $"{version / 10_000}.{version % 10_000}");

        // This query comes first, because EF Core locks the table of applied migrations while it migrates.
        if (await SchemaMigrator.IsMigratingAsync(connection, cancellationToken))
        {
            return (DatabaseOutages.Migrating, isReadOnly, "another process migrates the schema");
        }

        await using var scope = scopes.CreateAsyncScope();
        var missing = await scope
            .ServiceProvider.GetRequiredService<SchemaMigrator>()
            .GetPendingMigrationsAsync(connection, cancellationToken);
        var isDistributed = missing.Count == 0 && await RunDistribution.IsCompleteAsync(connection, cancellationToken);
        var outage =
            version < SchemaMigrator.MinServerVersionNum ? DatabaseOutages.DatabaseVersionUnsupported
            : missing.Count > 0 || isDistributed != options.Distributed ? DatabaseOutages.SchemaOutdated
            : !await ServiceRoles.AreReadyAsync(connection, cancellationToken) ? DatabaseOutages.AccessDenied
            : !isDurable ? DatabaseOutages.NotDurable
            : isReadOnly || isDistributed || await EnsureEpochAsync(connection, cancellationToken) ? null
            : DatabaseOutages.Restoring;
        var reason =
            outage == DatabaseOutages.SchemaOutdated && missing.Count > 0
                ? $"missing migrations: {string.Join(", ", missing)}"
            : outage == DatabaseOutages.SchemaOutdated && isDistributed
                ? "the tables are distributed; set Database:Distributed"
            : outage == DatabaseOutages.SchemaOutdated
                ? "Database:Distributed is set, but the tables are not distributed; run 'migrate --distribute'"
            : outage == DatabaseOutages.AccessDenied
                ? $"{ServiceRoles.Reader} and {ServiceRoles.Writer} are not usable; the command 'migrate' corrects this"
            : $"server_version_num {version}";
        return (outage, isReadOnly, reason);
    }

    /// <summary>Records the epoch of the database if it is new.</summary>
    /// <returns>
    /// Returns false while this takes long: after a restore, the highest change number has to be found. The work
    /// continues in the background, and the next probe checks it.
    /// </returns>
    private async Task<bool> EnsureEpochAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_restore is null && await DatabaseEpochs.NeedsRestoreAsync(connection, cancellationToken))
        {
            _restore = RestoreAsync();
        }

        if (_restore is not { } restore)
        {
            await DatabaseEpochs.EnsureCurrentAsync(connection, cancellationToken);
            return true;
        }

        // The examination of a small database ends within this time.
        if (await Task.WhenAny(restore, Task.Delay(_timeout / 2, clock, cancellationToken)) != restore)
        {
            return false;
        }

        // A failure ends this probe. The next probe tries again.
        _restore = null;
        await restore;
        return true;

        async Task RestoreAsync()
        {
            await using var connection = await maintenance.OpenConnectionAsync(CancellationToken.None);
            await DatabaseEpochs.EnsureCurrentAsync(connection, CancellationToken.None);
        }
    }

    private void SetState(DatabaseOutage? outage, bool isReadOnly, string reason)
    {
        var (outageBefore, wasReadOnly) = (_outage, _isReadOnly);
        _isReadOnly = isReadOnly;
        _outage = outage;
        if (outage == DatabaseOutages.Unavailable)
        {
            availability.Lose();
        }
        else if (availability.Lost.IsCancellationRequested)
        {
            // The idle connections of the pools may lead to a host that no longer exists, without any error.
            foreach (var pool in pools.All)
            {
                pool.Clear();
            }

            availability.Restore();
        }

        if (_isLogged && outage == outageBefore && isReadOnly == wasReadOnly)
        {
            return;
        }

        _isLogged = true;
        if (WriteOutage is { } present)
        {
            metrics.RecordOutage(present.Code);
            LogOutage(present.Code, present.Message, reason);
        }
        else
        {
            LogServes(reason);
        }
    }

    private enum Heartbeat
    {
        /// <summary>The database answers and takes writes.</summary>
        Alive,

        /// <summary>The database does not answer. The state already says so.</summary>
        Silent,

        /// <summary>The heartbeat failed. A probe has to determine the reason.</summary>
        Failed,
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The database is available ({Reason})")]
    private partial void LogServes(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Code}: {Advice} ({Reason})")]
    private partial void LogOutage(string code, string advice, string reason);
}
