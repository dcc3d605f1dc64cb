using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Reads the changes of a tenant's runs since a cursor. The initial synchronization returns all runs; later reads
/// return only added, changed, and deleted runs. No change is missed, but a change may be returned more than once.
/// </summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Criteria">The criteria that select the runs. Runs no longer selected are reported as removed.</param>
/// <param name="PageSize">The page size: 1 to <see cref="RunPage.MaxSize"/>.</param>
/// <param name="Cursor">The position of the reader; null for the initial request.</param>
/// <param name="StartFromLatest">True if the initial request skips the existing runs.</param>
/// <param name="WithStatistics">True to include the statistics.</param>
/// <param name="WithBlockingError">True to include the blocking errors.</param>
public sealed record GetRunDeltaQuery(
    TenantId TenantId,
    RunCriteria Criteria,
    int PageSize,
    DeltaCursor? Cursor,
    bool StartFromLatest,
    bool WithStatistics,
    bool WithBlockingError = true
) : IQuery<Result<RunDeltaPage>>
{
    /// <summary>The lifetime of a delta token. It equals the retention period of deletions.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(30);
}

/// <summary>A page of changes.</summary>
/// <param name="Changes">The changes in the order in which they were made.</param>
/// <param name="Next">The cursor for the next request.</param>
public sealed record RunDeltaPage(IReadOnlyList<RunChange> Changes, DeltaCursor Next);

/// <summary>A run that was added, changed, or removed.</summary>
/// <param name="Id">The id of the run.</param>
/// <param name="ChangeNumber">The number of the change.</param>
/// <param name="Run">The current run; null if it is removed.</param>
/// <param name="IsDeleted">True if a removed run was deleted; false if the criteria no longer select it.</param>
public sealed record RunChange(Guid Id, long ChangeNumber, RunListItem? Run, bool IsDeleted = false);

/// <summary>The position of a reader of changes.</summary>
/// <param name="Epoch">The epoch of the database that the change numbers belong to.</param>
/// <param name="Since">The time at which the last scan started.</param>
/// <param name="From">
/// The change number at which the next scan starts. No unreturned change of the tenant has a lower number.
/// </param>
/// <param name="LowWatermark">
/// The low watermark at the start of the last scan. A database with a lower watermark was restored.
/// </param>
/// <param name="Scan">The progress of the current scan; null if it is complete.</param>
public sealed record DeltaCursor(Guid Epoch, DateTimeOffset Since, long From, long LowWatermark, DeltaScan? Scan);

/// <summary>A paged scan over a range of change numbers.</summary>
/// <param name="ChangeNumber">The number of the last change returned.</param>
/// <param name="Id">The id of the run of that change.</param>
/// <param name="UpperBound">
/// The change number at which the scan ends. It ensures that the scan ends despite concurrent writes. The next scan
/// returns later changes.
/// </param>
/// <param name="IsInitialSync">True if the reader has no runs yet. Removed runs are then not returned.</param>
public sealed record DeltaScan(long ChangeNumber, Guid Id, long UpperBound, bool IsInitialSync)
{
    /// <summary>Creates a scan over all changes from a number to an upper bound.</summary>
    public static DeltaScan Begin(long from, long until, bool isFirst) =>
        new(from - 1, Guid.AllBitsSet, until, isFirst);
}

/// <summary>The current change numbers of the database.</summary>
/// <param name="Epoch">The current epoch.</param>
/// <param name="Now">The current time of the database.</param>
/// <param name="From">
/// No later commit of the tenant can have a lower number, even after a crash of the database server.
/// </param>
/// <param name="LowWatermark">
/// The low watermark: no open transaction has a lower number. A crash of the database server may move it back.
/// </param>
/// <param name="HighWatermark">The high watermark: no transaction with this or a higher number had ended.</param>
/// <param name="CursorIsValid">
/// True if the numbers of the cursor belong to the history of this database. False if the database was restored since.
/// </param>
public sealed record ChangeHorizon(
    Guid Epoch,
    DateTimeOffset Now,
    long From,
    long LowWatermark,
    long HighWatermark,
    bool CursorIsValid
);

internal sealed class GetRunDeltaHandler(IRunReader runs) : IQueryHandler<GetRunDeltaQuery, Result<RunDeltaPage>>
{
    public async ValueTask<Result<RunDeltaPage>> Handle(GetRunDeltaQuery query, CancellationToken cancellationToken)
    {
        // The horizon is read before the changes. Changes committed in between are read now and by the next scan.
        var clock = await runs.ReadChangeHorizonAsync(query.TenantId, query.Cursor, cancellationToken);
        if (
            query.Cursor is { } known
            && (!clock.CursorIsValid || clock.Now - known.Since > GetRunDeltaQuery.TokenLifetime)
        )
        {
            return clock.CursorIsValid
                ? RunErrors.DeltaTokenExpired(GetRunDeltaQuery.TokenLifetime)
                : RunErrors.ResyncRequired();
        }

        var now = new DeltaCursor(clock.Epoch, clock.Now, clock.From, clock.LowWatermark, Scan: null);
        var place = query.Cursor switch
        {
            { Scan: not null } underway => underway,
            { From: var from } => now with { Scan = DeltaScan.Begin(from, clock.HighWatermark, isFirst: false) },
            null when query.StartFromLatest => now,
            null => now with { Scan = DeltaScan.Begin(0, clock.HighWatermark, isFirst: true) },
        };
        if (place.Scan is not { } walk)
        {
            return new RunDeltaPage([], place);
        }

        // One additional change shows that there is a next page.
        var (found, isFull) = await runs.ReadChangesAsync(
            query with
            {
                PageSize = query.PageSize + 1,
            },
            walk,
            cancellationToken
        );
        if (!isFull && found.Count <= query.PageSize)
        {
            return new RunDeltaPage(found, place with { Scan = null });
        }

        RunChange[] page = [.. found.Take(query.PageSize)];
        var rest = walk with { ChangeNumber = page[^1].ChangeNumber, Id = page[^1].Id };
        return new RunDeltaPage(page, place with { Scan = rest });
    }
}
