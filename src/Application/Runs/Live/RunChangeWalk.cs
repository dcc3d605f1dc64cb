using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs.Live;

/// <summary>Reads the changes since a position for one event. The work of a walk is bounded.</summary>
internal sealed class RunChangeWalk(IRunReader runs)
{
    // A page of this size is read over the connections for statements that an index answers (ADR 11).
    private const int PageSize = 200;

    // Changes that are already known can precede the new ones. More pages than this cost more than they are worth.
    private const int MaxPages = 5;

    /// <summary>Reads the changes since a position.</summary>
    /// <param name="query">The query.</param>
    /// <param name="from">The position.</param>
    /// <param name="known">The state after the previous walk; null if there was none.</param>
    /// <param name="cancellationToken">Cancels the walk.</param>
    /// <returns>The result, or an error if the position is no longer valid.</returns>
    public async Task<Result<RunChangeWalkResult>> ReadAsync(
        RunChangeQuery query,
        DeltaCursor from,
        KnownChanges? known,
        CancellationToken cancellationToken
    )
    {
        var clock = await runs.ReadChangeHorizonAsync(query.TenantId, from, cancellationToken);
        if (!clock.CursorIsValid)
        {
            return RunErrors.ResyncRequired();
        }

        if (clock.Now - from.Since > DeltaCursor.TokenLifetime)
        {
            return RunErrors.DeltaTokenExpired(DeltaCursor.TokenLifetime);
        }

        var next = new DeltaCursor(clock.Epoch, clock.Now, clock.From, clock.LowWatermark, Scan: null);
        var scan = DeltaScan.Begin(from.From, clock.HighWatermark, isFirst: false);
        var counts = await runs.CountChangesAsync(
            query.TenantId,
            scan,
            RunChangeBatch.MaxCounted + 1,
            cancellationToken
        );
        if (counts.Sum(c => c.Count) > RunChangeBatch.MaxCounted)
        {
            // A write transaction has been open for long, or the reader comes from far back. In the first case, this
            // range is read again until the transaction ends. What is new in it is then not looked for.
            var crowded = new KnownChanges([], (clock.From, clock.LastChange));
            return new RunChangeWalkResult(
                crowded.Crowded == known?.Crowded ? null : new RunChangeBatch([], RunChangeBatch.MaxCounted, next),
                next,
                crowded
            );
        }

        // The changes of a transaction become visible together, so its number says that all of them are known. Only
        // numbers at or above the next position can be read again.
        var added = counts.Where(c => known is null || !known.Numbers.Contains(c.ChangeNumber)).ToList();
        var now = new KnownChanges([.. counts.Select(c => c.ChangeNumber).Where(n => n >= next.From)], Crowded: null);
        return new RunChangeWalkResult(
            added.Count == 0 ? null : await ReadBatchAsync(query, added, next, cancellationToken),
            next,
            now
        );
    }

    private async Task<RunChangeBatch?> ReadBatchAsync(
        RunChangeQuery query,
        List<ChangeCount> added,
        DeltaCursor next,
        CancellationToken cancellationToken
    )
    {
        var count = added.Sum(c => c.Count);
        var tooMany = new RunChangeBatch([], count, next);
        if (count > RunChangeBatch.MaxChanges)
        {
            return tooMany;
        }

        var numbers = added.Select(c => c.ChangeNumber).ToHashSet();
        var scan = DeltaScan.Begin(numbers.Min(), numbers.Max() + 1, isFirst: false);
        var (changes, chars) = (new List<RunChange>(), 0L);
        for (var page = 0; page < MaxPages; page++)
        {
            var (read, last) = (0, default(RunChange));
            await foreach (
                var change in runs.ReadChangesAsync(
                    query.TenantId,
                    query.Criteria,
                    scan,
                    PageSize,
                    query.Columns,
                    cancellationToken
                )
            )
            {
                (read, last) = (read + 1, change);
                if (!numbers.Contains(change.ChangeNumber))
                {
                    continue;
                }

                changes.Add(change);
                chars += change.CharsRead;
                if (chars > RunChangeBatch.MaxEventBytes)
                {
                    return tooMany;
                }
            }

            if (read < PageSize)
            {
                // A run that was changed again since has a higher number, which the next walk returns.
                return changes.Count > 0 ? new RunChangeBatch(changes, changes.Count, next) : null;
            }

            scan = scan with { ChangeNumber = last!.ChangeNumber, Id = last.Id };
        }

        return tooMany;
    }
}

/// <summary>The result of a walk.</summary>
/// <param name="Batch">The new changes; null if there are none.</param>
/// <param name="Next">The position after the walk.</param>
/// <param name="Known">What the next walk need not return again.</param>
internal sealed record RunChangeWalkResult(RunChangeBatch? Batch, DeltaCursor Next, KnownChanges Known);

/// <summary>The changes at or above the next position that were already returned.</summary>
/// <param name="Numbers">The change numbers.</param>
/// <param name="Crowded">
/// If they are too many to keep: the next position and the last change. While both are the same, new changes cannot be
/// distinguished from these. Otherwise null.
/// </param>
internal sealed record KnownChanges(HashSet<long> Numbers, (long From, long LastChange)? Crowded);
