using System.Diagnostics;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Reads runs by their ids. A lookup is sent to the database at once, unless enough others are being read. Then it
/// waits, and shares one round trip with the lookups that wait beside it. Thread-safe.
/// </summary>
/// <remarks>
/// The messages of a lookup take both processes more time than the lookup itself. The number of waiting lookups is
/// limited by the number of requests that each tenant may have in progress.
/// </remarks>
internal sealed class RunLookups(ReadSessions sessions)
{
    // Half of the connections of the pool, so that slow lookups cannot take all of them.
    private const int MaxGroups = 4;

    // Limits the time that the first lookup of a group waits for the others.
    private const int MaxGroupSize = 32;

    private static readonly string _sql =
        $"SELECT {RunTable.ListedColumns(withBlockingError: true)}, statistics FROM runs "
        + "WHERE tenant_id = $1 AND id = $2";

    private readonly Lock _lock = new();
    private readonly Queue<Lookup> _waiting = new();
    private int _groups;

    /// <summary>Returns the run with this id, or null if the tenant has no such run.</summary>
    /// <exception cref="NpgsqlException">The query failed, or the database has stopped answering.</exception>
    /// <exception cref="OperationCanceledException">The caller canceled the lookup.</exception>
    public async Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        var lookup = new Lookup(tenantId, id);
        await using var leave = cancellationToken.UnsafeRegister(_ => Leave(lookup, cancellationToken), state: null);
        if (TryBegin(lookup) is { } group)
        {
            _ = ReadAsync(group);
        }

        return await lookup.Task;
    }

    /// <summary>Begins a group with the lookup, or lets the lookup wait.</summary>
    private Group? TryBegin(Lookup lookup)
    {
        lock (_lock)
        {
            _waiting.Enqueue(lookup);
            if (_groups == MaxGroups)
            {
                return null;
            }

            _groups++;
            return TakeNext();
        }
    }

    /// <summary>Returns the next group, or null if no lookup waits.</summary>
    private Group? TakeNext()
    {
        lock (_lock)
        {
            var group = new Group();
            while (group.Lookups.Count < MaxGroupSize && _waiting.TryDequeue(out var lookup))
            {
                // Its caller may have canceled it.
                if (!lookup.Task.IsCompleted)
                {
                    lookup.Group = group;
                    group.Lookups.Add(lookup);
                }
            }

            group.Callers = group.Lookups.Count;
            if (group.Callers > 0)
            {
                return group;
            }

            _groups--;
            return null;
        }
    }

    /// <summary>Cancels a lookup. The query of a group is canceled together with its last lookup.</summary>
    private void Leave(Lookup lookup, CancellationToken cancellationToken)
    {
        if (!lookup.TrySetCanceled(cancellationToken))
        {
            return;
        }

        Group? abandoned;
        lock (_lock)
        {
            abandoned = lookup.Group is { } group && --group.Callers == 0 ? group : null;
        }

        abandoned?.Abandoned.Cancel();
    }

    private async Task ReadAsync(Group first)
    {
        for (var group = first; group is not null; group = TakeNext())
        {
            // The span of the statements belongs to the request that has waited longest.
            Activity.Current = group.Lookups[0].Request;
            try
            {
                await ReadRunsAsync(group);
            }
            catch (Exception exception)
            {
                foreach (var lookup in group.Lookups)
                {
                    // Lookups whose run was read are complete.
                    lookup.TrySetException(exception);
                }
            }
        }
    }

    private async ValueTask ReadRunsAsync(Group group)
    {
        await using var session = await sessions.OpenKeyedAsync(tenantId: null, group.Abandoned.Token);
        await session.ExecuteAsync(Queries(group.Lookups));
        Lookup? previous = null;
        foreach (var lookup in group.Lookups)
        {
            if (lookup.TenantId != previous?.TenantId)
            {
                // The result of the command that sets the tenant.
                while (await session.ReadAsync()) { }

                await session.NextResultAsync();
            }

            RunResponse? run = null;
            while (await session.ReadAsync())
            {
                run = RunTable.ReadRun(session.Row).ToResponse(session.Row.GetString(RunTable.NextColumn));
            }

            lookup.TrySetResult(run);
            await session.NextResultAsync();
            previous = lookup;
        }
    }

    private static List<NpgsqlBatchCommand> Queries(List<Lookup> lookups)
    {
        var queries = new List<NpgsqlBatchCommand>(lookups.Count + 1);
        Lookup? previous = null;
        foreach (var lookup in lookups)
        {
            if (lookup.TenantId != previous?.TenantId)
            {
                queries.Add(ServiceRoles.SetTenant(lookup.TenantId));
            }

            queries.Add(RunReader.OfRun(_sql, lookup.TenantId, lookup.Id));
            previous = lookup;
        }

        return queries;
    }

    /// <summary>The lookups of one round trip.</summary>
    private sealed class Group
    {
        public List<Lookup> Lookups { get; } = [];

        public int Callers { get; set; }

        // It is not disposed, because a late caller may still cancel it.
        public CancellationTokenSource Abandoned { get; } = new();
    }

    private sealed class Lookup(TenantId tenantId, RunId id)
        : TaskCompletionSource<RunResponse?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TenantId TenantId => tenantId;

        public RunId Id => id;

        public Activity? Request { get; } = Activity.Current;

        public Group? Group { get; set; }
    }
}
