using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace IndustryData.Infrastructure.Persistence.Standbys;

/// <summary>
/// A host of the connection string as a server for reads: its connections and what the latest check found. It is used
/// while it is a standby that is not too far behind. Thread-safe.
/// </summary>
internal sealed class Standby : IAsyncDisposable
{
    // A read that needs a position waits this long for the answer of the standby, and then goes to the primary.
    private static readonly TimeSpan _maxPositionWait = TimeSpan.FromMilliseconds(50);

    private const string PositionSql =
        "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END, "
        + "pg_postmaster_start_time()";

    private const string CheckSql = $"""
        SELECT {PositionSql}, pg_is_in_recovery(), (SELECT max(number) FROM database_epochs),
            extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
        """;

    private readonly NpgsqlDataSource _lookups;
    private readonly NpgsqlDataSource _checks;
    private readonly CancelRequests _cancels;
    private readonly DatabaseAvailability _availability;
    private readonly RunLookups _runs;
    private readonly Lock _lock = new();
    private Task? _positionRead;
    private DateTime? _serverStarted;
    private ulong _position;
    private volatile bool _isUsable;
    private volatile bool _answers;
    private bool _wasJudgedUsable;

    /// <param name="connectionString">The connection string of the host.</param>
    /// <param name="queryTimeout">The timeout of a query.</param>
    /// <param name="cancels">Sends cancel requests.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="loggers">Creates the loggers.</param>
    public Standby(
        string connectionString,
        TimeSpan queryTimeout,
        CancelRequests cancels,
        TimeProvider clock,
        ILoggerFactory loggers
    )
    {
        var host = new NpgsqlConnectionStringBuilder(connectionString);
        Name = $"{host.Host}:{host.Port}";
        _cancels = cancels;
        _availability = new DatabaseAvailability(clock);
        General = DataSources.Reads(connectionString, queryTimeout, loggers, this);
        Indexed = DataSources.IndexedReads(connectionString, queryTimeout, loggers, this);
        _lookups = DataSources.LookupConnections(connectionString, queryTimeout, loggers, this);
        _checks = DataSources.StandbyChecks(connectionString, this, loggers);
        _runs = new RunLookups(OpenLookupAsync, loggers.CreateLogger<RunLookups>());
    }

    /// <summary>The host and the port.</summary>
    public string Name { get; }

    /// <summary>The pool for arbitrary queries.</summary>
    public NpgsqlDataSource General { get; }

    /// <summary>The pool for statements that one index range answers.</summary>
    public NpgsqlDataSource Indexed { get; }

    /// <summary>The token that is canceled when the server has stopped answering.</summary>
    public CancellationToken Lost => _availability.Lost;

    /// <summary>True if reads may go to the server.</summary>
    public bool IsUsable => _isUsable;

    /// <summary>True if the server has answered the latest check.</summary>
    public bool Answers => _answers;

    /// <summary>
    /// The time by which the server is behind the primary; null if this is unknown or the server is no standby.
    /// </summary>
    public TimeSpan? Lag { get; private set; }

    /// <summary>Decides whether reads may go to the server, after a check.</summary>
    /// <returns>True if the decision differs from the previous one.</returns>
    public bool Judge(TimeSpan? lag, bool isUsable)
    {
        var before = _wasJudgedUsable;
        (Lag, _isUsable, _wasJudgedUsable) = (lag, isUsable, isUsable);
        return isUsable != before;
    }

    /// <summary>Returns the run with this id, or null if the standby has no such run.</summary>
    public Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken) =>
        _runs.FindAsync(tenantId, id, cancellationToken);

    /// <summary>Determines whether the server has everything up to a position.</summary>
    public async ValueTask<bool> HasReplayedAsync(DatabasePosition position)
    {
        if (HasPosition(position))
        {
            return true;
        }

        Task reading;
        lock (_lock)
        {
            // Requests that ask at the same time share one query.
            reading = _positionRead = _positionRead is { IsCompleted: false } running ? running : ReadPositionAsync();
        }

        try
        {
            await reading.WaitAsync(_maxPositionWait);
        }
        catch (Exception)
        {
            // The check finds out what is wrong with the server.
            return false;
        }

        return HasPosition(position);
    }

    /// <summary>Reads the state of the server.</summary>
    /// <returns>The state; null if the server does not answer within the timeout.</returns>
    public async Task<ServerState?> CheckAsync(TimeSpan timeout)
    {
        var work = ReadStateAsync();
        try
        {
            var state = await work.WaitAsync(timeout);
            if (Lost.IsCancellationRequested)
            {
                // The idle connections may lead to a host that no longer exists, without any error.
                ClearPools();
                _availability.Restore();
            }

            _answers = true;
            return state;
        }
        catch (Exception exception)
        {
            _answers = _isUsable = false;
            if (exception is TimeoutException && !work.IsCompleted)
            {
                // The server holds the connection and does not answer.
                _availability.Lose();
                _ = work.ContinueWith(
                    late => late.Exception,
                    CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted,
                    TaskScheduler.Default
                );
            }

            return null;
        }
    }

    /// <summary>Records that a read has failed.</summary>
    /// <returns>True if the primary may be able to answer the read.</returns>
    public bool NoteFailure(NpgsqlException failure)
    {
        switch (failure)
        {
            // The query took too long. A conflict with the replay of changes has another SQLSTATE.
            case PostgresException { SqlState: PostgresErrorCodes.QueryCanceled }:
                return false;

            // A lost connection. An error of a statement, and a pool without a free connection, do not concern other
            // reads.
            case PostgresException { InvariantSeverity: not "ERROR" }:
            case not PostgresException and not { InnerException: TimeoutException }:
                _isUsable = false;
                return true;
            default:
                return true;
        }
    }

    /// <summary>Checks that a new session is on the server whose position is known.</summary>
    /// <param name="serverStarted">The time at which the server of the session was started.</param>
    /// <exception cref="NpgsqlException">
    /// The server was restarted. It may be behind the position that it had before.
    /// </exception>
    public void Admit(DateTime serverStarted)
    {
        lock (_lock)
        {
            if (_serverStarted is { } known && known != serverStarted)
            {
                throw new NpgsqlException($"The standby {Name} was restarted a moment ago.");
            }
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await General.DisposeAsync();
        await Indexed.DisposeAsync();
        await _lookups.DisposeAsync();
        await _checks.DisposeAsync();
        _availability.Dispose();
    }

    private ValueTask<ReadSession> OpenLookupAsync(CancellationToken cancellationToken) =>
        ReadSession.OpenAsync(
            _lookups,
            tenantId: null,
            lease: null,
            _cancels,
            limit: null,
            time: null,
            Lost,
            cancellationToken
        );

    private bool HasPosition(DatabasePosition position)
    {
        lock (_lock)
        {
            return _position >= position.Value;
        }
    }

    private async Task ReadPositionAsync()
    {
        await using var command = _checks.CreateCommand($"SELECT {PositionSql}");
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        NotePosition(row);
    }

    private async Task<ServerState> ReadStateAsync()
    {
        await using var command = _checks.CreateCommand(CheckSql);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        NotePosition(row);
        return new ServerState(
            IsStandby: row.GetBoolean(2),
            Position: (ulong)row.GetFieldValue<NpgsqlLogSequenceNumber>(0),
            Epoch: row.IsDBNull(3) ? 0 : row.GetInt64(3),
            ReplayAge: row.IsDBNull(4) ? null : TimeSpan.FromSeconds(Math.Max(0, row.GetDouble(4)))
        );
    }

    private void NotePosition(NpgsqlDataReader row)
    {
        var (position, serverStarted) = ((ulong)row.GetFieldValue<NpgsqlLogSequenceNumber>(0), row.GetDateTime(1));
        lock (_lock)
        {
            // Two queries may overtake each other. A server that was restarted begins at an earlier position.
            _position = serverStarted == _serverStarted ? Math.Max(_position, position) : position;
            _serverStarted = serverStarted;
        }
    }

    private void ClearPools()
    {
        foreach (var pool in (NpgsqlDataSource[])[General, Indexed, _lookups, _checks])
        {
            pool.Clear();
        }
    }
}

/// <summary>The state of a server at a check.</summary>
/// <param name="IsStandby">True if the server is in recovery.</param>
/// <param name="Position">The end of what a standby has replayed, or of what the primary has flushed.</param>
/// <param name="Epoch">The number of the newest epoch that the server has.</param>
/// <param name="ReplayAge">The age of the newest commit that a standby has replayed; null before the first.</param>
internal sealed record ServerState(bool IsStandby, ulong Position, long Epoch, TimeSpan? ReplayAge);
