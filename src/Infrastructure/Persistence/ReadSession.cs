using System.Data;
using System.Diagnostics;
using System.Threading.RateLimiting;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Standbys;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A connection on which one read runs its queries, one after the other. A query ends in one of four ways: its rows are
/// read to the end; the reader needs no more rows; its time limit expires or its caller cancels; or the database stops
/// answering. In the first case the connection returns to its pool at once. In the other cases the request continues
/// without the connection: the query is canceled and the connection is returned in the background. No cancel request is
/// sent to a database that does not answer. A query that fails ends in the background too, without a cancel request. A
/// standby that cannot answer the first query is replaced by the primary.
/// </summary>
internal sealed class ReadSession : IAsyncDisposable
{
    // The timeout of Npgsql sends a cancel request synchronously. It is therefore later than every other limit.
    private const int GraceSeconds = 10;

    private const int KeyedTimeoutSeconds = 15;

    private readonly NpgsqlConnection _connection;
    private readonly TenantId? _tenantId;

    // The tenant that the session of the database names, maybe since an earlier read. Null if the read needs none.
    private readonly SessionTenant? _named;
    private readonly CancelRequests _cancels;
    private readonly CancellationToken _lost;
    private readonly CancellationToken _caller;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource? _clock;
    private readonly QueryTime? _time;
    private readonly long _opened;
    private readonly int _commandTimeoutSeconds;
    private readonly StandbyRead? _standby;
    private RateLimitLease? _lease;
    private NpgsqlTransaction? _transaction;
    private bool _isTenantSet;

    // True if the session of the database names the tenant of this read when the first batch has succeeded.
    private bool _namesTenant;
    private NpgsqlDataReader? _rows;
    private Action? _cancel;
    private Task? _pending;
    private bool _isAtEnd = true;
    private int _rowsLeft;
    private int _resultsLeft;

    // The results whose columns have not been received. If there are any at the end, a statement may have failed before
    // they were sent (PreparedStatements).
    private int _resultsToBegin;
    private bool _hasAnswered;
    private ReadSession? _successor;

    private ReadSession(
        NpgsqlConnection connection,
        TenantId? tenantId,
        RateLimitLease? lease,
        CancelRequests cancels,
        TimeSpan? limit,
        QueryTime? time,
        StandbyRead? standby,
        CancellationToken lost,
        CancellationToken caller
    )
    {
        _standby = standby;
        (_connection, _tenantId, _lease, _cancels, _time, _lost, _caller, _stop) = (
            connection,
            tenantId,
            lease,
            cancels,
            time,
            lost,
            caller,
            lost
        );
        _named = tenantId is null ? null : SessionTenant.Of(connection);
        _commandTimeoutSeconds = limit is { } longest ? CommandTimeoutSeconds(longest) : KeyedTimeoutSeconds;
        if (limit is { } most)
        {
            var used = time?.Used ?? TimeSpan.Zero;
            _opened = Stopwatch.GetTimestamp();
            _clock = CancellationTokenSource.CreateLinkedTokenSource(lost, caller);
            _clock.CancelAfter(used < most ? most - used : TimeSpan.Zero);
            _stop = _clock.Token;
        }
    }

    /// <summary>The current row.</summary>
    public NpgsqlDataReader Row => _successor is null ? _rows! : _successor.Row;

    /// <summary>
    /// The command timeout, in seconds, of queries with a time limit. Pools use the same timeout: if the timeout of a
    /// command differs from that of its pool, Npgsql sets and resets socket options with four system calls.
    /// </summary>
    public static int CommandTimeoutSeconds(TimeSpan limit) =>
        Math.Max((int)Math.Ceiling(limit.TotalSeconds) + GraceSeconds, KeyedTimeoutSeconds);

    /// <summary>The exception for a database that has stopped answering.</summary>
    public static NpgsqlException DatabaseLost() => new("The database has stopped answering.");

    /// <summary>Opens a session.</summary>
    /// <param name="pool">The pool of the connection.</param>
    /// <param name="tenantId">
    /// The tenant whose rows the queries see. If null, row-level security has to admit the queries without a tenant.
    /// </param>
    /// <param name="lease">The lease to dispose after the connection has been returned, or null.</param>
    /// <param name="cancels">Sends cancel requests.</param>
    /// <param name="limit">
    /// The time that all queries of the session may take together. If null, each query may take 15 seconds, which is
    /// for short queries.
    /// </param>
    /// <param name="time">
    /// The part of the limit that other queries of the request have used. It is null if there are no other queries.
    /// </param>
    /// <param name="lost">Is canceled when the database stops answering.</param>
    /// <param name="caller">Is canceled when the caller cancels the request.</param>
    /// <param name="standby">The standby of the connection; null if the connection leads to the primary.</param>
    /// <exception cref="NpgsqlException">No connection is available, or the database has stopped answering.</exception>
    public static async ValueTask<ReadSession> OpenAsync(
        NpgsqlDataSource pool,
        TenantId? tenantId,
        RateLimitLease? lease,
        CancelRequests cancels,
        TimeSpan? limit,
        QueryTime? time,
        CancellationToken lost,
        CancellationToken caller,
        StandbyRead? standby = null
    )
    {
        Task<NpgsqlConnection>? opening = null;
        NpgsqlConnection connection;
        try
        {
            var open = pool.OpenConnectionAsync(caller);
            if (open.IsCompletedSuccessfully)
            {
                connection = open.Result;
            }
            else
            {
                opening = open.AsTask();
                connection = await opening.WaitAsync(lost);
            }
        }
        catch (Exception exception)
        {
            lease?.Dispose();
            if (exception is OperationCanceledException && lost.IsCancellationRequested)
            {
                _ = CloseWhenOpenAsync(opening);
                throw DatabaseLost();
            }

            throw;
        }

        return new ReadSession(connection, tenantId, lease, cancels, limit, time, standby, lost, caller);
    }

    /// <summary>Starts a snapshot that all subsequent queries use.</summary>
    public void BeginSnapshot()
    {
        // This sends nothing. Npgsql sends BEGIN together with the next query.
        _transaction = _connection.BeginTransaction(IsolationLevel.RepeatableRead);
    }

    /// <summary>Runs a query. The rows of the previous query must have been read to the end.</summary>
    /// <param name="query">The query.</param>
    /// <param name="maxRows">The maximum number of rows that the query returns.</param>
    public ValueTask ExecuteAsync(NpgsqlBatchCommand query, int maxRows = int.MaxValue) =>
        ExecuteAsync([query], maxRows);

    /// <summary>Runs a batch of queries. The rows of the previous query must have been read to the end.</summary>
    /// <param name="queries">The queries.</param>
    /// <param name="maxRows">The maximum number of rows that the queries return.</param>
    public ValueTask ExecuteAsync(IReadOnlyList<NpgsqlBatchCommand> queries, int maxRows = int.MaxValue) =>
        _successor is not null ? _successor.ExecuteAsync(queries, maxRows)
        : _standby is null || _hasAnswered ? SendAsync(queries, maxRows)
        : ExecuteFirstAsync(_standby, queries, maxRows);

    /// <summary>Runs the first query on the standby, or on the primary if the standby cannot answer it.</summary>
    private async ValueTask ExecuteFirstAsync(
        StandbyRead standby,
        IReadOnlyList<NpgsqlBatchCommand> queries,
        int maxRows
    )
    {
        // Npgsql returns when the first row is there, so a conflict that ends the query before that is seen here.
        IReadOnlyList<NpgsqlBatchCommand> copies = [.. queries.Select(Copy)];
        try
        {
            await SendAsync(queries, maxRows);
            _hasAnswered = true;
        }
        catch (NpgsqlException exception) when (standby.NoteFailure(exception, hasStarted: false))
        {
            _successor = await standby.OpenOnPrimaryAsync();
            if (_transaction is not null)
            {
                _successor.BeginSnapshot();
            }

            await _successor.ExecuteAsync(copies, maxRows);
        }
    }

    // Npgsql keeps in a command what belongs to the connection.
    private static NpgsqlBatchCommand Copy(NpgsqlBatchCommand query)
    {
        var copy = new NpgsqlBatchCommand(query.CommandText);
        foreach (NpgsqlParameter parameter in query.Parameters)
        {
            copy.Parameters.Add(parameter.Clone());
        }

        return copy;
    }

    private async ValueTask SendAsync(IReadOnlyList<NpgsqlBatchCommand> queries, int maxRows)
    {
        if (_rows is { } before)
        {
            _rows = null;
            await EndAsync(before);
        }

        // This timeout is the last resort, for a connection whose peer no longer exists.
        var batch = new NpgsqlBatch(_connection, _transaction) { Timeout = _commandTimeoutSeconds };
        var isPreceded = _tenantId is not null && !_isTenantSet && _named!.Id != _tenantId;
        if (isPreceded)
        {
            var isOfTransaction = _transaction is not null;
            batch.BatchCommands.Add(ServiceRoles.SetTenant(_tenantId!.Value, isOfTransaction));
            _isTenantSet = true;
            if (!isOfTransaction)
            {
                // It is noted when the batch has succeeded. A batch that fails restores the tenant before it.
                (_named!.Id, _namesTenant) = (null, true);
            }
        }

        foreach (var query in queries)
        {
            batch.BatchCommands.Add(query);
        }

        (_cancel, _resultsLeft, _resultsToBegin, _rowsLeft) = (batch.Cancel, queries.Count, queries.Count, maxRows);
        _rows = await WaitAsync(isPreceded ? ExecuteAsync(batch) : batch.ExecuteReaderAsync(CancellationToken.None));
        _isAtEnd = false;
        _resultsToBegin--;
    }

    /// <summary>Advances to the next row.</summary>
    /// <returns>True if there is a next row.</returns>
    /// <exception cref="OperationCanceledException">The time limit has expired, or the caller canceled.</exception>
    /// <exception cref="NpgsqlException">The query failed, or the database has stopped answering.</exception>
    public ValueTask<bool> ReadAsync()
    {
        if (_successor is not null)
        {
            return _successor.ReadAsync();
        }

        // Most rows have been received already, together with previous rows.
        var reading = _rows!.ReadAsync(CancellationToken.None);
        return reading.IsCompletedSuccessfully && !_stop.IsCancellationRequested
            ? new ValueTask<bool>(Noted(reading.Result))
            : ReadAsync(reading);
    }

    /// <summary>
    /// Advances to the rows of the next query of a batch. The rows of the previous query must have been read to the
    /// end.
    /// </summary>
    /// <returns>True if there is a next query.</returns>
    public async ValueTask<bool> NextResultAsync()
    {
        if (_successor is not null)
        {
            return await _successor.NextResultAsync();
        }

        if (_isAtEnd || !await WaitAsync(_rows!.NextResultAsync(CancellationToken.None)))
        {
            return false;
        }

        _resultsToBegin--;
        return true;
    }

    /// <summary>Waits for work on another connection, up to the time limit of the read.</summary>
    public async Task WaitAsync(Task work)
    {
        if (!work.IsCompletedSuccessfully)
        {
            await WaitAsync(ResultOf(work));
        }

        static async Task<bool> ResultOf(Task work)
        {
            await work;
            return true;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        _time?.Add(Stopwatch.GetElapsedTime(_opened));
        if (_successor is not null)
        {
            await _successor.DisposeAsync();
        }

        if (_pending is null && _isAtEnd && _resultsToBegin == 0)
        {
            await CloseAsync();
        }
        else
        {
            _ = AbandonAsync();
        }

        _clock?.Dispose();
    }

    /// <summary>Runs a batch and skips the result of its first command, which has set the tenant.</summary>
    private static async Task<NpgsqlDataReader> ExecuteAsync(NpgsqlBatch batch)
    {
        var rows = await batch.ExecuteReaderAsync(CancellationToken.None);
        try
        {
            await rows.NextResultAsync(CancellationToken.None);
            return rows;
        }
        catch
        {
            await rows.DisposeAsync();
            throw;
        }
    }

    private async ValueTask<bool> ReadAsync(Task<bool> reading) => Noted(await WaitAsync(reading));

    private bool Noted(bool isThere)
    {
        // A result ends with its last row. The server sends the rest of its messages in the same packet or the next.
        if (!isThere || --_rowsLeft == 0)
        {
            _isAtEnd = --_resultsLeft == 0;
        }

        return isThere;
    }

    /// <summary>Waits for work on the connection, up to the time limit of the read.</summary>
    private async ValueTask<T> WaitAsync<T>(Task<T> work)
    {
        try
        {
            _stop.ThrowIfCancellationRequested();

            // A keyed read has no source that links the two tokens, because it is rarely needed.
            return _clock is not null || work.IsCompleted
                ? await work.WaitAsync(_stop)
                : await work.WaitAsync(_caller).WaitAsync(_lost);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested || _caller.IsCancellationRequested)
        {
            _pending = work;
            if (_lost.IsCancellationRequested)
            {
                throw DatabaseLost();
            }

            throw new OperationCanceledException(
                "The query reached its time limit, or its caller canceled it.",
                _caller
            );
        }
        catch (Exception exception) when (FailureOf(exception) is { } failure)
        {
            // The server has ended the query, or the session is broken. There is nothing to cancel.
            (_isAtEnd, _isTenantSet, _namesTenant) = (true, false, false);
            if (_hasAnswered)
            {
                // The request may be repeated on the primary.
                _standby?.NoteFailure(failure, hasStarted: true);
            }

            if (failure == exception)
            {
                throw;
            }

            throw failure;
        }
    }

    private NpgsqlException? FailureOf(Exception exception) =>
        exception switch
        {
            NpgsqlException failure => failure,
            // Npgsql may also report that the connection is not open.
            _ when _connection.State != ConnectionState.Open
                    && (exception is InvalidOperationException || SessionFailures.IsPossible(exception)) =>
                new NpgsqlException("The session broke.", exception),
            _ => null,
        };

    private async ValueTask CloseAsync()
    {
        try
        {
            if (_rows is { } rows)
            {
                _rows = null;
                await EndAsync(rows);
            }

            if (_namesTenant)
            {
                _named!.Id = _tenantId;
            }

            await WaitAsync(_connection.CloseAsync());
        }
        catch (Exception)
        {
            // All requested rows have been read, so a failure of the connection does not matter.
            _ = AbandonAsync();
            return;
        }

        Release();
    }

    private async ValueTask EndAsync(NpgsqlDataReader rows)
    {
        // The disposal of a reader does not report that the batch timed out at its end.
        while (_namesTenant && await WaitAsync(rows.NextResultAsync(CancellationToken.None))) { }

        await WaitAsync(rows.DisposeAsync().AsTask());
    }

    private void Release() => Interlocked.Exchange(ref _lease, null)?.Dispose();

    /// <summary>
    /// Ends the query, removes the prepared statements if they may be wrong, and returns the connection, in the
    /// background.
    /// </summary>
    private async Task AbandonAsync()
    {
        // If the database is lost, the connection may be stuck for long. The tenant's reads may continue as soon as the
        // database is available again.
        using var release = _lease is null ? default : _lost.Register(Release);
        try
        {
            if (!_lost.IsCancellationRequested && (_pending is not null || !_isAtEnd) && _cancel is { } cancel)
            {
                // Without this wait, the request could cancel the next query on the connection.
                await _cancels.SendAsync(cancel, _lost);
            }

            if (_pending is { } pending)
            {
                await pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _rows ??= pending is Task<NpgsqlDataReader> { IsCompletedSuccessfully: true } executed
                    ? executed.Result
                    : null;
            }

            if (_rows is { } rows)
            {
                await rows.DisposeAsync();
                _resultsToBegin = 0;
            }
        }
        catch (Exception)
        {
            // The query was canceled, or the session ended.
        }

        try
        {
            if (_resultsToBegin > 0 && !_lost.IsCancellationRequested)
            {
                await PreparedStatements.RemoveAsync(_connection, _transaction);
            }

            await _connection.CloseAsync();
        }
        catch (Exception)
        {
            // The session is broken; Npgsql removes it from the pool.
        }

        Release();
    }

    private static async Task CloseWhenOpenAsync(Task<NpgsqlConnection>? opening)
    {
        try
        {
            if (opening is not null)
            {
                await (await opening).CloseAsync();
            }
        }
        catch (Exception)
        {
            // The connection did not open.
        }
    }
}

/// <summary>The standby of a read session, and the way to the primary.</summary>
/// <param name="Standby">The standby.</param>
/// <param name="OpenOnPrimaryAsync">Opens a session on the primary for the same read.</param>
internal sealed record StandbyRead(Standby Standby, Func<ValueTask<ReadSession>> OpenOnPrimaryAsync)
{
    /// <summary>Records that the standby could not answer. Further reads of the request go to the primary.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="hasStarted">True if the standby had started to answer, so that the read failed.</param>
    /// <returns>True if the primary may be able to answer the read.</returns>
    public bool NoteFailure(NpgsqlException failure, bool hasStarted)
    {
        var isOfStandby = Standby.NoteFailure(failure);
        if (isOfStandby)
        {
            RequestPosition.Current?.NoteStandbyFailure(hasStarted);
        }

        return isOfStandby;
    }
}
