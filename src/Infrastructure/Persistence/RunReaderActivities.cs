using System.Runtime.CompilerServices;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

// Reads the activities of runs.
internal sealed partial class RunReader
{
    /// <summary>The columns of <see cref="ReadActivity"/>.</summary>
    public const string ActivityColumns = "id, type, display_name, status, blocking_error, activity";

    /// <summary>The number of <see cref="ActivityColumns"/>.</summary>
    public const int ActivityColumnCount = 6;

    // The number of rows of the first portion. Each activity may have 16 KiB.
    private const int FirstActivities = 128;

    // Each run may have a thousand activities.
    private const int FirstRunsWithActivities = 8;

    public IAsyncEnumerable<ActivityResponse> ListActivitiesAsync(
        TenantId tenantId,
        RunId id,
        int limit,
        ActivityId? after,
        CancellationToken cancellationToken
    ) =>
        standbys.All.Count == 0
            ? ListActivitiesAsync(tenantId, id, limit, after, onPrimary: true, cancellationToken)
            : ListActivitiesOnStandbyAsync(tenantId, id, limit, after, cancellationToken);

    public async Task<long?> CountActivitiesAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken)
    {
        var count = await CountActivitiesAsync(tenantId, id, onPrimary: false, cancellationToken);
        if (count == 0 && standbys.All.Count > 0)
        {
            count = await CountActivitiesAsync(tenantId, id, onPrimary: true, cancellationToken);
        }

        return count > 0 || await ExistsAsync(tenantId, id, cancellationToken) ? count : null;
    }

    public async Task<ActivityResponse?> FindActivityAsync(
        TenantId tenantId,
        RunId id,
        ActivityId activityId,
        CancellationToken cancellationToken
    )
    {
        if (standbys.All.Count > 0)
        {
            await using var standby = await sessions.OpenIndexedAsync(tenantId, time: null, cancellationToken);
            if (await FindActivityAsync(standby, tenantId, id, activityId) is { } found)
            {
                return found;
            }
        }

        await using var session = await sessions.OpenKeyedAsync(tenantId, cancellationToken);
        return await FindActivityAsync(session, tenantId, id, activityId);
    }

    public async IAsyncEnumerable<ActivityPage> ListActivitiesAsync(
        TenantId tenantId,
        IReadOnlyList<Guid> ids,
        QueryTime? time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenAsync(tenantId, time, cancellationToken);
        session.BeginSnapshot();
        var portions = new Portions(ids.Count, FirstRunsWithActivities);
        for (var done = 0; portions.Next > 0; )
        {
            // There is one statement for each run. One for all runs might have to sort a hundred thousand activities.
            await session.ExecuteAsync([
                .. ids.Skip(done)
                    .Take(portions.Next)
                    .Select(id =>
                        OfRun(
                            $"SELECT {ActivityColumns} FROM run_activities WHERE tenant_id = $1 AND run_id = $2 "
                                + "ORDER BY id",
                            tenantId,
                            RunId.FromGuid(id)
                        )
                    ),
            ]);
            var read = 0;
            do
            {
                var (activities, chars) = (new List<ActivityResponse>(), 0L);
                while (await session.ReadAsync())
                {
                    if (chars > RunPage.MaxChars)
                    {
                        yield return new ActivityPage(activities, ActivityId.FromGuid(activities[^1].Id));
                        yield break;
                    }

                    activities.Add(ReadActivity(session.Row));
                    chars += Chars(activities[^1]);
                }

                portions.Add(chars);
                read++;
                yield return new ActivityPage(activities);
            } while (await session.NextResultAsync());

            done += read;
            portions.Advance(read);
        }
    }

    // A run that a standby does not have yet looks like one without activities.
    private async IAsyncEnumerable<ActivityResponse> ListActivitiesOnStandbyAsync(
        TenantId tenantId,
        RunId id,
        int limit,
        ActivityId? after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        foreach (var onPrimary in (bool[])[false, true])
        {
            var isEmpty = true;
            await foreach (
                var activity in ListActivitiesAsync(tenantId, id, limit, after, onPrimary, cancellationToken)
            )
            {
                isEmpty = false;
                yield return activity;
            }

            if (!isEmpty)
            {
                yield break;
            }
        }
    }

    private async IAsyncEnumerable<ActivityResponse> ListActivitiesAsync(
        TenantId tenantId,
        RunId id,
        int limit,
        ActivityId? after,
        bool onPrimary,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (last, portions) = (after?.Value ?? Guid.Empty, new Portions(limit, FirstActivities));
        await using var session = RunQueryPlan.CanUseGenericPlan(activities: limit)
            ? await sessions.OpenIndexedAsync(tenantId, time: null, cancellationToken, onPrimary)
            : await sessions.OpenAsync(tenantId, time: null, cancellationToken, onPrimary);
        if (portions.Next < limit)
        {
            session.BeginSnapshot();
        }

        while (portions.Next > 0)
        {
            var command = OfRun(
                $"SELECT {ActivityColumns} FROM run_activities "
                    + "WHERE tenant_id = $1 AND run_id = $2 AND id > $3 "
                    + $"ORDER BY id LIMIT {portions.Next}",
                tenantId,
                id
            );
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = last });
            await session.ExecuteAsync(command, portions.Next);
            var read = 0;
            while (read < portions.Next && await session.ReadAsync())
            {
                var activity = ReadActivity(session.Row);
                portions.Add(Chars(activity));
                (last, read) = (activity.Id, read + 1);
                yield return activity;
            }

            portions.Advance(read);
        }
    }

    // The session is closed before the next one opens. Requests that hold one connection and wait for another would
    // block each other.
    private async Task<long> CountActivitiesAsync(
        TenantId tenantId,
        RunId id,
        bool onPrimary,
        CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenIndexedAsync(tenantId, time: null, cancellationToken, onPrimary);
        await session.ExecuteAsync(
            OfRun("SELECT count(*) FROM run_activities WHERE tenant_id = $1 AND run_id = $2", tenantId, id),
            maxRows: 1
        );
        return await session.ReadAsync() ? session.Row.GetInt64(0) : 0;
    }

    private static async Task<ActivityResponse?> FindActivityAsync(
        ReadSession session,
        TenantId tenantId,
        RunId id,
        ActivityId activityId
    )
    {
        var command = OfRun(
            $"SELECT {ActivityColumns} FROM run_activities WHERE tenant_id = $1 AND run_id = $2 AND id = $3",
            tenantId,
            id
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = activityId.Value });
        await session.ExecuteAsync(command, maxRows: 1);
        return await session.ReadAsync() ? ReadActivity(session.Row) : null;
    }

    /// <summary>Reads an activity from <see cref="ActivityColumns"/>, by their position.</summary>
    public static ActivityResponse ReadActivity(NpgsqlDataReader row) =>
        new(
            row.GetGuid(0),
            ActivityType.FromNumber(row.GetInt16(1)).Name,
            row.GetString(2),
            ActivityStatus.FromNumber(row.GetInt16(3)).Name,
            row.IsDBNull(4) ? null : row.GetString(4),
            row.IsDBNull(5) ? null : row.GetString(5)
        );

    // The number of characters in the large columns.
    private static long Chars(ActivityResponse activity) =>
        (activity.BlockingError?.Length ?? 0) + (activity.Activity?.Length ?? 0);
}
