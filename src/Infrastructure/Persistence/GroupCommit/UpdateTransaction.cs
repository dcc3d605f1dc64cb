using System.Data;
using System.Data.Common;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Configurations;
using IndustryData.Infrastructure.Persistence.Distribution;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>
/// A transaction that applies changes, one after the other, to the current state of runs. The runs stay locked until
/// the commit.
/// </summary>
internal sealed class UpdateTransaction
{
    private readonly Dictionary<RunKey, Run> _locked = [];
    private readonly List<Run> _added = [];
    private readonly IndustryDataContext _context;
    private readonly long? _clock;

    private UpdateTransaction(IndustryDataContext context, long? clock) => (_context, _clock) = (context, clock);

    /// <summary>The context for access to other stored data.</summary>
    public IndustryDataContext Context => _context;

    /// <summary>
    /// Commits a batch of changes. It skips a change if another transaction has locked its run, and lists the change in
    /// <see cref="CommitAttempt{TWrite}.Blocked"/>.
    /// </summary>
    /// <param name="attempt">The batch.</param>
    /// <param name="context">The context of the transaction.</param>
    /// <param name="options">The servers of the database.</param>
    /// <param name="cancellationToken">Cancels the transaction.</param>
    public static async Task CommitAsync(
        CommitAttempt<PendingUpdate> attempt,
        IndustryDataContext context,
        DatabaseOptions options,
        CancellationToken cancellationToken
    )
    {
        await using var commit = await context.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)context.Database.GetDbConnection();
        try
        {
            await CommitAsync(attempt, context, connection, commit, options, cancellationToken);
        }
        catch (Exception exception) when (CommitFailures.Find(exception) is not null)
        {
            await PreparedStatements.RemoveAsync(connection, commit.GetDbTransaction());
            throw;
        }
    }

    /// <summary>Returns a run, or null if the transaction has not locked it.</summary>
    public Run? Find(RunKey key) => _locked.GetValueOrDefault(key);

    /// <summary>Adds a new run.</summary>
    public void Add(Run run) => _added.Add(run);

    /// <summary>Deletes a run with its activities.</summary>
    public async Task DeleteAsync(Run run, CancellationToken cancellationToken)
    {
        foreach (
            var entry in _context.ChangeTracker.Entries<RunActivity>().Where(e => e.Entity.RunId == run.Id).ToList()
        )
        {
            entry.State = EntityState.Detached;
        }

        _context.Runs.Remove(run);
        _locked.Remove(new RunKey(run.TenantId, run.Id));
        await _context
            .RunActivities.Where(a => a.TenantId == run.TenantId && a.RunId == run.Id)
            .ExecuteDeleteAsync(cancellationToken);
    }

    private static async Task CommitAsync(
        CommitAttempt<PendingUpdate> attempt,
        IndustryDataContext context,
        NpgsqlConnection connection,
        IDbContextTransaction commit,
        DatabaseOptions options,
        CancellationToken cancellationToken
    )
    {
        using var warnings = new CommitWarnings(connection);
        var transaction = new UpdateTransaction(
            context,
            options.Distributed
                ? await TenantClocks.AdvanceAsync(connection, attempt.Writes[0].TenantId, cancellationToken)
                : null
        );

        // All transactions take locks in the same order, so that two transactions do not each hold a lock that the
        // other needs next. The sort is stable and keeps the order of the changes to one run.
        PendingUpdate[] changes =
        [
            .. attempt
                .Writes.OrderBy(c => c.TenantId.Value)
                .ThenBy(c => c.Locks?.Id.Value ?? Guid.Empty)
                .ThenBy(c => c.LockName, StringComparer.Ordinal),
        ];
        attempt.Blocked.Clear();
        await transaction.LockAsync(changes, cancellationToken);
        foreach (var change in changes)
        {
            if (
                change.Locks is { } key
                && !transaction._locked.ContainsKey(key)
                && await transaction.ExistsAsync(key, cancellationToken)
            )
            {
                attempt.Blocked.Add(change);
            }
            else
            {
                await transaction.DecideAsync(change, cancellationToken);
            }
        }

        await transaction.SaveAsync(new RunCountDeltas(attempt.Shard), cancellationToken);
        attempt.RunsAdded = transaction._added.Count;
        attempt.BeginCommit();
        if (options.ReadFromReplicas)
        {
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands = { new NpgsqlBatchCommand("COMMIT") },
            };
            attempt.Position = await CommitPosition.ExecuteAsync(batch, cancellationToken);
        }
        else
        {
            await commit.CommitAsync(cancellationToken);
        }

        warnings.ThrowIfIncomplete();
    }

    private async Task DecideAsync(PendingUpdate change, CancellationToken cancellationToken)
    {
        try
        {
            await change.ApplyAsync(this, cancellationToken);
        }
        catch (Exception exception) when (!IsOfTheDatabase(exception))
        {
            throw new DecisionFailedException(change, exception);
        }
    }

    private bool IsOfTheDatabase(Exception exception) =>
        exception is DbException or TimeoutException or OperationCanceledException
        || (_context.Database.GetDbConnection().State != ConnectionState.Open && SessionFailures.IsPossible(exception))
        || (exception.InnerException is { } inner && IsOfTheDatabase(inner));

    private async Task LockAsync(IReadOnlyList<PendingUpdate> changes, CancellationToken cancellationToken)
    {
        foreach (
            var tenant in changes.Select(c => c.Locks).OfType<RunKey>().Distinct().GroupBy(k => k.TenantId, k => k.Id)
        )
        {
            // Locked rows are skipped, so that a slow transaction delays only the changes that need the same run.
            var ids = tenant.Select(id => id.Value).ToArray();
            var locked = await _context
                .Database.SqlQuery<Guid>(
                    $"""
                    SELECT id AS "Value" FROM runs WHERE tenant_id = {tenant.Key.Value} AND id = ANY ({ids})
                    FOR UPDATE SKIP LOCKED
                    """
                )
                .ToListAsync(cancellationToken);
            var runIds = locked.Select(id => RunId.FromGuid(id)).ToArray();
            foreach (
                var run in await _context
                    .Runs.AsTracking()
                    .Where(r => r.TenantId == tenant.Key && runIds.Contains(r.Id))
                    .ToListAsync(cancellationToken)
            )
            {
                _locked.Add(new RunKey(run.TenantId, run.Id), run);
            }
        }
    }

    // A run that this transaction has deleted no longer exists. Its changes need not wait.
    private async Task<bool> ExistsAsync(RunKey key, CancellationToken cancellationToken) =>
        !_context.ChangeTracker.Entries<Run>().Any(e => e.State == EntityState.Deleted && e.Entity.Id == key.Id)
        && await _context.Runs.AnyAsync(r => r.TenantId == key.TenantId && r.Id == key.Id, cancellationToken);

    private async Task SaveAsync(RunCountDeltas counts, CancellationToken cancellationToken)
    {
        _context.ChangeTracker.DetectChanges();
        var changed = _context
            .ChangeTracker.Entries<Run>()
            .Where(e => e.State is EntityState.Modified or EntityState.Deleted)
            .ToList();
        if (changed.Count > 0)
        {
            var stamp = _clock is { } clock
                ? _context.Database.SqlQuery<Stamp>($"""SELECT {clock} AS number, now() AS now""")
                : _context.Database.SqlQuery<Stamp>(
                    $"""SELECT change_number(pg_current_xact_id()) AS number, now() AS now"""
                );
            var (number, now) = await stamp.SingleAsync(cancellationToken);
            foreach (var entry in changed)
            {
                var run = entry.Entity;
                counts.Add(run, entry.OriginalValues.GetValue<RunStatus>(nameof(Run.Status)), -1);
                if (entry.State == EntityState.Modified)
                {
                    entry.Property<long>(RunConfiguration.ChangeNumber).CurrentValue = number;
                    counts.Add(run, run.Status, 1);
                }
                else
                {
                    _context.RunTombstones.Add(
                        new RunTombstone
                        {
                            TenantId = run.TenantId,
                            RunId = run.Id,
                            ChangeNumber = number,
                            DeletedDateTime = now,
                        }
                    );
                }
            }
        }

        await _context.SaveChangesAsync(cancellationToken);
        await using var batch = new NpgsqlBatch((NpgsqlConnection)_context.Database.GetDbConnection());
        RunBulkInsert.Add(batch, _added, counts, _clock);
        if (batch.BatchCommands.Count > 0)
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    // The naming convention of the context also applies to the columns of a query.
    private sealed record Stamp(long Number, DateTimeOffset Now);
}
