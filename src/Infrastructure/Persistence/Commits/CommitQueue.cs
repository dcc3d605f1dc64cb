using IndustryData.Application.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>
/// Takes every write to the disk, by group commit in two lanes: one for new runs, which depend on nothing that is
/// stored, and one for writes that are decided on what is stored. A slow decision so holds up no new run.
/// </summary>
internal sealed class CommitQueue : BackgroundService
{
    // Measured: docs/adr/0008. Few bytes per batch, so that a tenant with large runs does not make the commits of all
    // long.
    private static readonly LaneSize _insertLane = new(MaxCount: 8192, MaxBytes: 64 * 1024 * 1024, MaxBatchCount: 256, MaxBatchBytes: 512 * 1024);

    // Decisions are made one after the other, each with a few statements: a short batch keeps the wait of those behind
    // it short.
    private static readonly LaneSize _changeLane = new(MaxCount: 4096, MaxBytes: 32 * 1024 * 1024, MaxBatchCount: 32, MaxBatchBytes: 2 * 1024 * 1024);

    // Fewer than the connections for commits, so that the lanes find one while these wait for locks.
    private const int MaxAsides = 4;

    private readonly SemaphoreSlim _asides = new(MaxAsides);
    private readonly CommitLane<PendingInsert> _inserts;
    private readonly CommitLane<PendingUpdate> _changes;

    public CommitQueue(
        [FromKeyedServices(DataSources.Commits)] NpgsqlDataSource database,
        IServiceScopeFactory scopes,
        DatabaseAvailability availability,
        LimitOptions limits,
        CommitOptions limit,
        TimeProvider clock)
    {
        var resources = new CommitResources(limits, limit.Timeout, availability, clock, _asides);

        // Even shards for one lane and odd ones for the other: they never wait for each other's counters.
        var shard = 2 * Random.Shared.Next(RunCountDeltas.Shards / 2);
        _inserts = new CommitLane<PendingInsert>(
            _insertLane, (short)shard, new InsertTransaction(database).CommitAsync, resources);
        _changes = new CommitLane<PendingUpdate>(_changeLane, (short)(shard + 1), attempt => ChangeAsync(attempt, scopes), resources);
    }

    /// <summary>Commits a new run.</summary>
    /// <returns>
    /// Whether the run is on disk; false: its idempotency key was used before, and nothing was stored.
    /// </returns>
    /// <exception cref="QueueFullException">Too many writes wait; nothing was stored.</exception>
    /// <exception cref="LimitExceededException">Too many writes of the tenant wait; nothing was stored.</exception>
    /// <exception cref="NotCommittedException">Nothing was stored.</exception>
    /// <exception cref="CommitOutcomeUnknownException">It is not known whether the run was stored.</exception>
    public Task<bool> InsertAsync(PendingInsert insertion)
    {
        // The caller's cancellation does not end the wait: the write may be in a commit already.
        _inserts.Add(insertion);
        return insertion.Completion;
    }

    /// <summary>Commits a change.</summary>
    /// <returns>The answer of the change, once its commit is on disk.</returns>
    /// <inheritdoc cref="InsertAsync" />
    public Task<T> ChangeAsync<T>(PendingUpdate<T> change)
    {
        _changes.Add(change);
        return change.Completion;
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
        // A service that stops takes no more writes in and commits those that wait.
        await using var stopping = stoppingToken.Register(() =>
        {
            _inserts.Complete();
            _changes.Complete();
        });
        await Task.WhenAll(_inserts.RunAsync(), _changes.RunAsync());
    }

    private static async Task ChangeAsync(CommitAttempt<PendingUpdate> attempt, IServiceScopeFactory scopes)
    {
        await using var scope = scopes.CreateAsyncScope();
        await UpdateTransaction.CommitAsync(attempt, scope.ServiceProvider.GetRequiredService<IndustryDataContext>(), CancellationToken.None);
    }
}

/// <summary>The parts that commit lanes share.</summary>
/// <param name="Limits">The share of a tenant.</param>
/// <param name="CommitTimeout">The longest wait for a commit, and for its begin.</param>
/// <param name="Availability">Tells when the database stops answering.</param>
/// <param name="Clock">The clock.</param>
/// <param name="Asides">Bounds the connections of writes that wait for locks.</param>
internal sealed record CommitResources(LimitOptions Limits, TimeSpan CommitTimeout, DatabaseAvailability Availability, TimeProvider Clock, SemaphoreSlim Asides);
