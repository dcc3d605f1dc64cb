using IndustryData.Domain;
using Microsoft.Extensions.Logging;

namespace IndustryData.Application.Runs.Live;

/// <summary>
/// Follows the changes of one query of one tenant for all of its readers. It looks for changes at most ten times a
/// second: soon after this process has committed one, and otherwise once a second, which finds the changes of other
/// processes. The events of a walk are encoded once and appended to a ring.
/// </summary>
internal sealed partial class RunChangeFeed : IDisposable
{
    private static readonly TimeSpan _minInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _pollInterval = TimeSpan.FromSeconds(1);

    // A feed works at most a fifth of the time, however slow the database is.
    private const int PausePerWork = 4;

    private readonly RunChangeQuery _query;
    private readonly RunChangeFeeds.Resources _resources;
    private readonly CancellationTokenSource _stop = new();
    private DeltaCursor? _cursor;
    private KnownChanges? _known;
    private TaskCompletionSource _wake = NewSignal();
    private int _touched;

    /// <summary>Creates and starts the feed.</summary>
    /// <param name="query">The query.</param>
    /// <param name="resources">The resources that the feeds share.</param>
    public RunChangeFeed(RunChangeQuery query, RunChangeFeeds.Resources resources)
    {
        (_query, _resources) = (query, resources);
        Ring = new RunChangeRing(resources.Memory);
        Started = Task.Run(StartAsync);
    }

    /// <summary>The tenant and the text of the query.</summary>
    public (Guid TenantId, string Text) Key => (_query.TenantId.Value, _query.Text);

    /// <summary>The number of readers.</summary>
    public int Readers { get; set; }

    /// <summary>Completes when the feed has its first position. It fails if the database cannot be read.</summary>
    public Task Started { get; }

    /// <summary>The events.</summary>
    public RunChangeRing Ring { get; }

    /// <summary>The position after the last walk. It has a value when the feed has started.</summary>
    public DeltaCursor Cursor => Volatile.Read(ref _cursor)!;

    /// <summary>Signals that a change of the tenant has been committed.</summary>
    public void Touch()
    {
        if (Interlocked.Exchange(ref _touched, 1) == 0)
        {
            Volatile.Read(ref _wake).TrySetResult();
        }
    }

    /// <summary>Makes a walk for one reader.</summary>
    /// <returns>
    /// The event, or null if there are no changes, and the position after it; an error if the position is no longer
    /// valid.
    /// </returns>
    public async Task<Result<(RunChangeEvent? Event, DeltaCursor Next)>> CatchUpAsync(
        DeltaCursor from,
        CancellationToken cancellationToken
    )
    {
        var walked = await WalkAsync(from, known: null, cancellationToken);
        if (!walked.TryGetValue(out var result, out var error))
        {
            return error;
        }

        return (result.Batch is { } batch ? await EncodeAsync(batch, cancellationToken) : null, result.Next);
    }

    /// <summary>Ends the feed. It has no readers any more.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        Ring.Clear();
    }

    /// <summary>Waits for a signal or for a time.</summary>
    public static async Task WaitAsync(
        Task signal,
        TimeSpan maxWait,
        TimeProvider clock,
        CancellationToken cancellationToken
    )
    {
        // Each waiting reader holds what this creates, so it is one object and not a source and two tasks.
        await signal
            .WaitAsync(maxWait, clock, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task StartAsync()
    {
        var clock = await _resources.Runs.ReadChangeHorizonAsync(_query.TenantId, place: null, _stop.Token);
        _cursor = new DeltaCursor(clock.Epoch, clock.Now, clock.From, clock.LowWatermark, Scan: null);
        _ = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        var isFailing = false;
        try
        {
            while (true)
            {
                // A change that is committed from here on causes another walk.
                Volatile.Write(ref _wake, NewSignal());
                Interlocked.Exchange(ref _touched, 0);
                var started = _resources.Clock.GetTimestamp();
                try
                {
                    if (!await StepAsync())
                    {
                        return;
                    }

                    isFailing = false;
                }
                catch (Exception exception) when (!_stop.IsCancellationRequested)
                {
                    // The health monitor reports outages. The readers wait until the database answers again.
                    if (_resources.Health.Classify(exception) is null && !isFailing)
                    {
                        LogFailed(_resources.Logger, exception);
                    }

                    isFailing = true;
                }

                var work = _resources.Clock.GetElapsedTime(started);
                var pause =
                    isFailing ? _pollInterval
                    : PausePerWork * work > _minInterval ? PausePerWork * work
                    : _minInterval;
                await Task.Delay(pause, _resources.Clock, _stop.Token);
                if (pause < _pollInterval)
                {
                    await WaitAsync(_wake.Task, _pollInterval - pause, _resources.Clock, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The last reader has left, or the service stops.
        }
    }

    /// <summary>Makes a walk and appends its event.</summary>
    /// <returns>Returns false if the position is no longer valid.</returns>
    private async Task<bool> StepAsync()
    {
        var walked = await WalkAsync(Cursor, _known, _stop.Token);
        if (!walked.TryGetValue(out var result, out _))
        {
            _resources.Retire(this);
            Ring.Append(RunChangeEvent.Gone);
            return false;
        }

        var added = result.Batch is { } batch ? await EncodeAsync(batch, _stop.Token) : null;
        Volatile.Write(ref _cursor, result.Next);
        _known = result.Known;
        if (added is not null)
        {
            Ring.Append(added);
        }

        return true;
    }

    private async Task<Result<RunChangeWalkResult>> WalkAsync(
        DeltaCursor from,
        KnownChanges? known,
        CancellationToken cancellationToken
    )
    {
        await _resources.Walks.WaitAsync(cancellationToken);
        try
        {
            return await _resources.Walk.ReadAsync(_query, from, known, cancellationToken);
        }
        finally
        {
            _resources.Walks.Release();
        }
    }

    private async ValueTask<RunChangeEvent> EncodeAsync(RunChangeBatch batch, CancellationToken cancellationToken)
    {
        var text = await _query.Encoder.EncodeAsync(batch, cancellationToken);
        if (batch.Changes.Count > 0 && text.Length > RunChangeBatch.MaxEventBytes)
        {
            batch = batch.CountOnly;
            text = await _query.Encoder.EncodeAsync(batch, cancellationToken);
        }

        return new RunChangeEvent(
            batch.Changes.Count > 0 ? RunChangeEventKind.Changes : RunChangeEventKind.Count,
            batch.Cursor,
            text
        );
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The changes of runs cannot be read for the streams that follow them; another attempt follows"
    )]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
