using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Reads what changed in a tenant's runs since a place: all of them first, then only what was added, changed or deleted. Misses nothing; may repeat.</summary>
/// <param name="TenantId">Whose runs.</param>
/// <param name="Criteria">Which of them: what they do not select any more is reported as removed.</param>
/// <param name="PageSize">1 to <see cref="RunPage.MaxSize"/>.</param>
/// <param name="Cursor">Where the reader stands; null: at the very beginning.</param>
/// <param name="StartFromLatest">Whether a reader at the very beginning wants only what changes from now on.</param>
/// <param name="WithStatistics">Whether to read the statistics too.</param>
/// <param name="WithBlockingError">Whether to read the blocking errors.</param>
public sealed record GetRunDeltaQuery(
    TenantId TenantId, RunCriteria Criteria, int PageSize, DeltaCursor? Cursor, bool StartFromLatest, bool WithStatistics, bool WithBlockingError = true)
    : IQuery<Result<RunDeltaPage>>
{
    /// <summary>How long a place can be returned to: deletions are remembered so long.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(30);
}

/// <summary>A page of changes.</summary>
/// <param name="Changes">In the order in which they came about.</param>
/// <param name="Next">Where to go on.</param>
public sealed record RunDeltaPage(IReadOnlyList<RunChange> Changes, DeltaCursor Next);

/// <summary>A run that was added or changed, or one that is to be removed.</summary>
/// <param name="Id">Which run.</param>
/// <param name="ChangeNumber">When: a change number.</param>
/// <param name="Run">The run as it is now; null: it is to be removed.</param>
/// <param name="IsDeleted">Whether a removed run is gone; else the criteria do not select it any more.</param>
public sealed record RunChange(Guid Id, long ChangeNumber, RunListItem? Run, bool IsDeleted = false);

/// <summary>Where a reader of changes stands.</summary>
/// <param name="Epoch">The stretch of the database's life that the numbers belong to.</param>
/// <param name="Since">When the reader last began to walk.</param>
/// <param name="From">The number from which the next walk begins: no change of the tenant that was not given can have a lower one.</param>
/// <param name="LowWatermark">The low watermark when the last walk began. A database that has not come so far was restored.</param>
/// <param name="Scan">How far the walk is that the reader is on; null when it has come to its end.</param>
public sealed record DeltaCursor(Guid Epoch, DateTimeOffset Since, long From, long LowWatermark, DeltaScan? Scan);

/// <summary>A walk over the changes of a range of numbers, page by page.</summary>
/// <param name="ChangeNumber">The number of the last change that was given.</param>
/// <param name="Id">And its run.</param>
/// <param name="UpperBound">The number at which the walk ends, so that it does end while others go on writing. What comes later is the next walk's.</param>
/// <param name="IsInitialSync">Whether the reader knows no runs yet, and so need not hear of removed ones.</param>
public sealed record DeltaScan(long ChangeNumber, Guid Id, long UpperBound, bool IsInitialSync)
{
    /// <summary>A walk over everything from a number on.</summary>
    public static DeltaScan Begin(long from, long until, bool isFirst) => new(from - 1, Guid.AllBitsSet, until, isFirst);
}

/// <summary>How the database's numbers of changes stand.</summary>
/// <param name="Epoch">The present one.</param>
/// <param name="Now">The database's clock.</param>
/// <param name="From">No change of the tenant that is committed later can have a lower number, also after a crash of the database server.</param>
/// <param name="LowWatermark">The low watermark: no transaction of a lower number is open. A crash of the database server may move it back.</param>
/// <param name="HighWatermark">No transaction of this or a higher number had ended.</param>
/// <param name="CursorIsValid">Whether the numbers of the place in question are of this database's past, and not from before it was restored.</param>
public sealed record ChangeHorizon(Guid Epoch, DateTimeOffset Now, long From, long LowWatermark, long HighWatermark, bool CursorIsValid);

internal sealed class GetRunDeltaHandler(IRunReader runs) : IQueryHandler<GetRunDeltaQuery, Result<RunDeltaPage>>
{
    public async ValueTask<Result<RunDeltaPage>> Handle(GetRunDeltaQuery query, CancellationToken cancellationToken)
    {
        // The clock before the changes: what is committed in between is read now and once more by the next walk.
        var clock = await runs.ReadChangeHorizonAsync(query.TenantId, query.Cursor, cancellationToken);
        if (query.Cursor is { } known && (!clock.CursorIsValid || clock.Now - known.Since > GetRunDeltaQuery.TokenLifetime))
        {
            return clock.CursorIsValid ? RunErrors.DeltaTokenExpired(GetRunDeltaQuery.TokenLifetime) : RunErrors.ResyncRequired();
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

        // One more than asked for tells whether there is a next page.
        var (found, isFull) = await runs.ReadChangesAsync(query with { PageSize = query.PageSize + 1 }, walk, cancellationToken);
        if (!isFull && found.Count <= query.PageSize)
        {
            return new RunDeltaPage(found, place with { Scan = null });
        }

        RunChange[] page = [.. found.Take(query.PageSize)];
        return new RunDeltaPage(page, place with { Scan = walk with { ChangeNumber = page[^1].ChangeNumber, Id = page[^1].Id } });
    }
}
