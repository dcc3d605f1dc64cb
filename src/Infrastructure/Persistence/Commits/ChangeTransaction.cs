using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Configurations;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>One transaction in which changes are decided, one after the other, on the runs as they are; the runs stay locked until the commit.</summary>
internal sealed class ChangeTransaction
{
    private readonly Dictionary<RunKey, Run> _locked = [];
    private readonly List<Run> _added = [];
    private readonly IndustryDataContext _context;

    private ChangeTransaction(IndustryDataContext context) => _context = context;

    /// <summary>What else is stored.</summary>
    public IndustryDataContext Context => _context;

    /// <summary>Commits changes.</summary>
    /// <returns>Those that have to wait for a run that another transaction keeps locked. Nothing of them was committed.</returns>
    public static async Task<IReadOnlyList<IChange>> CommitAsync(IndustryDataContext context, IReadOnlyList<IChange> changes, CancellationToken cancellationToken)
    {
        await using var commit = await context.Database.BeginTransactionAsync(cancellationToken);
        var transaction = new ChangeTransaction(context);
        await transaction.LockAsync(changes, cancellationToken);
        var waiting = new List<IChange>();
        foreach (var change in changes)
        {
            if (change.Locks is { } key && !transaction._locked.ContainsKey(key) && await transaction.ExistsAsync(key, cancellationToken))
            {
                waiting.Add(change);
            }
            else
            {
                await change.DecideAsync(transaction, cancellationToken);
            }
        }

        await transaction.SaveAsync(cancellationToken);
        await commit.CommitAsync(cancellationToken);
        return waiting;
    }

    /// <summary>A run that the change locks; null when there is none.</summary>
    public Run? Find(RunKey key) => _locked.GetValueOrDefault(key);

    /// <summary>Keeps a new run.</summary>
    public void Add(Run run) => _added.Add(run);

    /// <summary>Deletes a run with its activities.</summary>
    public async Task DeleteAsync(Run run, CancellationToken cancellationToken)
    {
        foreach (var entry in _context.ChangeTracker.Entries<RunActivity>().Where(e => e.Entity.RunId == run.Id).ToList())
        {
            entry.State = EntityState.Detached;
        }

        _context.Runs.Remove(run);
        _locked.Remove(new RunKey(run.TenantId, run.Id));
        await _context.RunActivities.Where(a => a.TenantId == run.TenantId && a.RunId == run.Id).ExecuteDeleteAsync(cancellationToken);
    }

    private async Task LockAsync(IReadOnlyList<IChange> changes, CancellationToken cancellationToken)
    {
        foreach (var tenant in changes.Select(c => c.Locks).OfType<RunKey>().Distinct().GroupBy(k => k.TenantId, k => k.Id))
        {
            // Skipping what others keep locked, so that one slow transaction elsewhere holds up nobody but those who need the same run.
            var ids = tenant.Select(id => id.Value).ToArray();
            var locked = await _context.Database
                .SqlQuery<Guid>($"""SELECT id AS "Value" FROM runs WHERE tenant_id = {tenant.Key.Value} AND id = ANY ({ids}) FOR UPDATE SKIP LOCKED""")
                .ToListAsync(cancellationToken);
            var runIds = locked.Select(id => new RunId(id)).ToArray();
            foreach (var run in await _context.Runs.AsTracking().Where(r => r.TenantId == tenant.Key && runIds.Contains(r.Id)).ToListAsync(cancellationToken))
            {
                _locked.Add(new RunKey(run.TenantId, run.Id), run);
            }
        }
    }

    // Of a run that was deleted just now, nothing is left to wait for.
    private async Task<bool> ExistsAsync(RunKey key, CancellationToken cancellationToken) =>
        !_context.ChangeTracker.Entries<Run>().Any(e => e.State == EntityState.Deleted && e.Entity.Id == key.Id)
        && await _context.Runs.AnyAsync(r => r.TenantId == key.TenantId && r.Id == key.Id, cancellationToken);

    private async Task SaveAsync(CancellationToken cancellationToken)
    {
        var counts = new CountChanges();
        _context.ChangeTracker.DetectChanges();
        var changed = _context.ChangeTracker.Entries<Run>().Where(e => e.State is EntityState.Modified or EntityState.Deleted).ToList();
        if (changed.Count > 0)
        {
            var (number, now) = await _context.Database
                .SqlQuery<Stamp>($"""SELECT change_number(pg_current_xact_id()) AS "Number", now() AS "Now" """)
                .SingleAsync(cancellationToken);
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
                    _context.RunDeletions.Add(new RunDeletion { TenantId = run.TenantId, RunId = run.Id, ChangeNumber = number, DeletedDateTime = now });
                }
            }
        }

        await _context.SaveChangesAsync(cancellationToken);
        await InsertAsync(_added, counts, (NpgsqlConnection)_context.Database.GetDbConnection(), cancellationToken);
    }

    /// <summary>Writes new runs and the counts, with one way to the server and back; a transaction by itself, unless one is open.</summary>
    public static async Task InsertAsync(IReadOnlyList<Run> runs, CountChanges counts, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var run in runs)
        {
            counts.Add(run, run.Status, 1);
        }

        RunInserts.Add(batch, runs);
        counts.Add(batch);
        if (batch.BatchCommands.Count > 0)
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private sealed record Stamp(long Number, DateTimeOffset Now);
}
