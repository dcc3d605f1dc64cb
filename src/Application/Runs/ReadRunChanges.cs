using System.Runtime.CompilerServices;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Reads the changes of a tenant's runs since a cursor. The initial synchronization returns all runs; later reads
/// return only added, changed, and deleted runs. No change is missed, but a change may be returned more than once. The
/// head of the stream is the position at which the page starts. The changes follow in the order in which they were
/// made. The stream ends with the page, which has fewer changes than requested if they would occupy many megabytes.
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
) : IStreamQuery<StreamItem<DeltaCursor, RunChange>>;

/// <summary>A run that was added, changed, or removed.</summary>
/// <param name="Id">The id of the run.</param>
/// <param name="ChangeNumber">The number of the change.</param>
/// <param name="Run">The current run; null if it is removed.</param>
/// <param name="IsDeleted">True if a removed run was deleted; false if the criteria no longer select it.</param>
/// <param name="CharsRead">The approximate number of characters that were read for it.</param>
public sealed record RunChange(
    Guid Id,
    long ChangeNumber,
    RunListItem? Run,
    bool IsDeleted = false,
    long CharsRead = 0
);

internal sealed class GetRunDeltaHandler(IRunReader runs)
    : IStreamQueryHandler<GetRunDeltaQuery, StreamItem<DeltaCursor, RunChange>>
{
    public async IAsyncEnumerable<StreamItem<DeltaCursor, RunChange>> Handle(
        GetRunDeltaQuery query,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // The horizon is read before the changes. Changes committed in between are read now and by the next scan.
        var clock = await runs.ReadChangeHorizonAsync(query.TenantId, query.Cursor, cancellationToken);
        if (query.Cursor is { } known && (!clock.CursorIsValid || clock.Now - known.Since > DeltaCursor.TokenLifetime))
        {
            yield return clock.CursorIsValid
                ? RunErrors.DeltaTokenExpired(DeltaCursor.TokenLifetime)
                : RunErrors.ResyncRequired();
            yield break;
        }

        var now = new DeltaCursor(clock.Epoch, clock.Now, clock.From, clock.LowWatermark, Scan: null);
        var start = query.Cursor switch
        {
            { Scan: not null } underway => underway,
            { From: var from } => now with { Scan = DeltaScan.Begin(from, clock.HighWatermark, isFirst: false) },
            null when query.StartFromLatest => now,
            null => now with { Scan = DeltaScan.Begin(0, clock.HighWatermark, isFirst: true) },
        };
        yield return new(start);
        if (start.Scan is not { } scan)
        {
            yield break;
        }

        // One additional change shows that there is a next page.
        await using var changes = runs.ReadChangesAsync(
                query.TenantId,
                query.Criteria,
                scan,
                query.PageSize + 1,
                new RunColumns(query.WithStatistics, query.WithBlockingError),
                cancellationToken
            )
            .GetAsyncEnumerator(cancellationToken);
        var (hasNext, chars) = (await changes.MoveNextAsync(), 0L);
        for (var read = 0; hasNext && read < query.PageSize && chars <= RunPage.MaxChars; read++)
        {
            var change = changes.Current;
            chars += change.CharsRead;
            hasNext = await changes.MoveNextAsync();
            yield return new(change, hasNext);
        }
    }
}
