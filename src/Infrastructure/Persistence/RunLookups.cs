using System.Diagnostics;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.Logging;
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
/// <param name="openAsync">Opens a session that sees the runs of all tenants.</param>
/// <param name="logger">Logs defects.</param>
internal sealed partial class RunLookups(
    Func<CancellationToken, ValueTask<ReadSession>> openAsync,
    ILogger<RunLookups> logger
)
{
    // Fewer than the connections of the pool, which abandoned groups occupy until their queries have ended.
    private const int MaxGroups = 4;

    // Limits the time that the first lookup of a group waits for the others.
    private const int MaxGroupSize = 32;

    private static readonly string _sql =
        $"SELECT {RunTable.ListedColumns(withBlockingError: true)}, statistics, tenant_id FROM runs "
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
            Group? group = null;
            while (group?.Lookups.Count != MaxGroupSize && _waiting.TryDequeue(out var lookup))
            {
                // Its caller may have canceled it.
                if (!lookup.Task.IsCompleted)
                {
                    group ??= new Group();
                    lookup.Group = group;
                    group.Lookups.Add(lookup);
                }
            }

            if (group is null)
            {
                _groups--;
                return null;
            }

            group.Callers = group.Lookups.Count;
            return group;
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
        await using var session = await openAsync(group.Abandoned.Token);
        await session.ExecuteAsync([.. group.Lookups.Select(l => RunReader.OfRun(_sql, l.TenantId, l.Id))]);
        foreach (var lookup in group.Lookups)
        {
            RunResponse? run = null;
            while (await session.ReadAsync())
            {
                // Row-level security does not apply to lookups, so this is the second check of the tenant.
                if (session.Row.GetGuid(RunTable.NextColumn + 1) != lookup.TenantId.Value)
                {
                    LogForeignRun(logger);
                    continue;
                }

                run = RunTable.ReadRun(session.Row).ToResponse(session.Row.GetString(RunTable.NextColumn));
            }

            lookup.TrySetResult(run);
            await session.NextResultAsync();
        }
    }

    [LoggerMessage(
        LogLevel.Error,
        "A lookup found a run of another tenant, which was not returned; this is a defect of the service, report it"
    )]
    private static partial void LogForeignRun(ILogger logger);

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
