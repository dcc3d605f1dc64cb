using IndustryData.Application.Common;
using IndustryData.Application.Runs.Live;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Distribution;
using IndustryData.Infrastructure.Persistence.Standbys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>
/// Commits all writes by group commit in two lanes. One lane is for new runs, which depend on no stored data except
/// idempotency keys. The other is for writes that depend on stored data. A slow change thus does not delay new runs. In
/// a distributed database each node has its own lanes.
/// </summary>
internal sealed class CommitQueue : BackgroundService
{
    // These sizes were measured (docs/adr/0008). A batch has few bytes, so that a tenant with large runs does not slow
    // down the commits of all tenants.
    private static readonly LaneSize _insertLane = new(
        "insert",
        MaxCount: 8192,
        MaxBytes: 64 * 1024 * 1024,
        MaxBatchCount: 256,
        MaxBatchBytes: 512 * 1024
    );

    // Changes are applied one after the other, each with a few statements. A short batch keeps the wait of the changes
    // behind it short.
    private static readonly LaneSize _changeLane = new(
        "change",
        MaxCount: 4096,
        MaxBytes: 32 * 1024 * 1024,
        MaxBatchCount: 32,
        MaxBatchBytes: 2 * 1024 * 1024
    );

    // This is less than the number of connections for commits, so that connections are left for the lanes while
    // separate commits wait for locks.
    private const int MaxAsides = 4;

    // A node that does not answer stops its lanes. Up to sixteen nodes share none. Two lanes for a node were not faster
    // than one. Each lane has a smaller part of the queue, so that all together do not hold too much memory.
    private const int DistributedLanes = 16;
    private const int DistributedQueueParts = 8;

    private readonly SemaphoreSlim _asides = new(MaxAsides);
    private readonly TenantNodes _nodes;
    private readonly CommitLane<PendingInsert>[] _inserts;
    private readonly CommitLane<PendingUpdate>[] _changes;

    public CommitQueue(
        [FromKeyedServices(DataSources.Commits)] NpgsqlDataSource database,
        IServiceScopeFactory scopes,
        DatabaseAvailability availability,
        LimitOptions limits,
        CommitOptions limit,
        DatabaseMetrics metrics,
        IRunChangeSignal changes,
        DatabaseOptions options,
        TenantNodes nodes,
        TimeProvider clock
    )
    {
        _nodes = nodes;
        var resources = new CommitResources(limits, limit.Timeout, availability, metrics, changes, clock, _asides);

        // One lane uses even shards and the other odd shards, so that the lanes never wait for each other's counters.
        var shard = 2 * Random.Shared.Next(RunCountDeltas.Shards / 2);
        _inserts = Lanes<PendingInsert>(
            _insertLane,
            (short)shard,
            separatesTenants: false,
            options.Distributed
                ? new NodeInsertTransaction(database).CommitAsync
                : new InsertTransaction(database, options.ReadFromReplicas).CommitAsync
        );
        _changes = Lanes<PendingUpdate>(
            _changeLane,
            (short)(shard + 1),
            separatesTenants: options.Distributed,
            attempt => ChangeAsync(attempt, scopes, options)
        );

        CommitLane<TWrite>[] Lanes<TWrite>(
            LaneSize size,
            short firstShard,
            bool separatesTenants,
            Func<CommitAttempt<TWrite>, Task> commit
        )
            where TWrite : PendingWrite
        {
            if (options.Distributed)
            {
                size = size with
                {
                    MaxCount = size.MaxCount / DistributedQueueParts,
                    MaxBytes = size.MaxBytes / DistributedQueueParts,
                    SeparatesTenants = separatesTenants,
                };
            }

            CommitLane<TWrite>[] lanes =
            [
                .. Enumerable
                    .Range(0, options.Distributed ? DistributedLanes : 1)
                    .Select(_ => new CommitLane<TWrite>(size, firstShard, commit, resources)),
            ];
            metrics.ObserveQueue(size.Name, () => (lanes.Sum(l => l.Length.Count), lanes.Sum(l => l.Length.Bytes)));
            return lanes;
        }
    }

    /// <summary>Commits a new run.</summary>
    /// <returns>
    /// Returns true if the run is on disk; false if its idempotency key was used before and nothing was stored.
    /// </returns>
    /// <exception cref="QueueFullException">Too many writes are waiting. Nothing was stored.</exception>
    /// <exception cref="LimitExceededException">
    /// Too many writes of the tenant are waiting. Nothing was stored.
    /// </exception>
    /// <exception cref="NotCommittedException">Nothing was stored.</exception>
    /// <exception cref="CommitOutcomeUnknownException">It is unknown if the run was stored.</exception>
    public Task<bool> InsertAsync(PendingInsert insertion)
    {
        // The caller's cancellation does not end the wait, because the commit of the write may have started.
        return AddAsync(_inserts, insertion, insertion.Completion);
    }

    /// <summary>Commits a change.</summary>
    /// <returns>The result of the change after its commit is on disk.</returns>
    /// <inheritdoc cref="InsertAsync" />
    public Task<T> ChangeAsync<T>(PendingUpdate<T> change)
    {
        return AddAsync(_changes, change, change.Completion);
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        _asides.Dispose();
        base.Dispose();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // At shutdown the service accepts no more writes and commits the waiting ones.
        await using var stopping = stoppingToken.Register(() =>
        {
            Array.ForEach(_inserts, l => l.Complete());
            Array.ForEach(_changes, l => l.Complete());
        });
        await Task.WhenAll([.. _inserts.Select(l => l.RunAsync()), .. _changes.Select(l => l.RunAsync())]);
    }

    private Task<TResult> AddAsync<TWrite, TResult>(CommitLane<TWrite>[] lanes, TWrite write, Task<TResult> completion)
        where TWrite : PendingWrite
    {
        if (lanes.Length > 1)
        {
            return AddToNodeAsync();
        }

        lanes[0].Add(write);
        return CompletionOf(write, completion);

        async Task<TResult> AddToNodeAsync()
        {
            lanes[(uint)await _nodes.FindAsync(write.TenantId) % (uint)lanes.Length].Add(write);
            return await CompletionOf(write, completion);
        }
    }

    /// <summary>Waits for a write, and records its position in the request.</summary>
    private static Task<T> CompletionOf<T>(PendingWrite write, Task<T> completion)
    {
        return RequestPosition.Current is { } request ? NotedAsync(request) : completion;

        async Task<T> NotedAsync(RequestPosition request)
        {
            var outcome = await completion;
            if (write.Position is { } position)
            {
                request.NoteWrite(position);
            }

            return outcome;
        }
    }

    private static async Task ChangeAsync(
        CommitAttempt<PendingUpdate> attempt,
        IServiceScopeFactory scopes,
        DatabaseOptions options
    )
    {
        await using var scope = scopes.CreateAsyncScope();
        await UpdateTransaction.CommitAsync(
            attempt,
            scope.ServiceProvider.GetRequiredService<IndustryDataContext>(),
            options,
            CancellationToken.None
        );
    }
}

/// <summary>The resources that the commit lanes share.</summary>
/// <param name="Limits">Contains a tenant's share of the queue.</param>
/// <param name="CommitTimeout">The timeout of a commit, and of the wait in the queue before it.</param>
/// <param name="Availability">Signals that the database has stopped answering.</param>
/// <param name="Metrics">The metrics.</param>
/// <param name="Changes">Receives the tenants of committed writes.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Asides">Limits the number of connections of writes that wait for locks.</param>
internal sealed record CommitResources(
    LimitOptions Limits,
    TimeSpan CommitTimeout,
    DatabaseAvailability Availability,
    DatabaseMetrics Metrics,
    IRunChangeSignal Changes,
    TimeProvider Clock,
    SemaphoreSlim Asides
);
