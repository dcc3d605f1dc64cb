using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;

namespace IndustryData.Dashboard.Parts;

/// <summary>A page of a list of runs that was read to its end.</summary>
/// <param name="Runs">The runs.</param>
/// <param name="HasNext">True if the list has more runs.</param>
/// <param name="Count">The number of all runs that the query selects; null if not requested.</param>
internal sealed record RunRows(IReadOnlyList<RunListItem> Runs, bool HasNext, long? Count)
{
    /// <summary>
    /// Reads a page. It ends early if its statistics occupy more than <see cref="RunPage.MaxChars"/>.
    /// </summary>
    public static async Task<Result<RunRows>> ReadAsync(
        IAsyncEnumerable<StreamItem<ListHead, RunListItem>> list,
        CancellationToken cancellationToken
    )
    {
        await using var items = list.GetAsyncEnumerator(cancellationToken);
        if (!(await items.ReadHeadAsync()).TryGetValue(out var head, out var error))
        {
            return error;
        }

        var (runs, hasNext, chars) = (new List<RunListItem>(), false, 0L);
        while (chars <= RunPage.MaxChars && await items.MoveNextAsync())
        {
            var run = items.Current.Row;
            runs.Add(run);
            hasNext = items.Current.HasNext;
            chars += RunPage.RowChars + (run.Statistics?.Length ?? 0) + (run.BlockingError?.Length ?? 0);
        }

        return new RunRows(runs, hasNext, head.Count);
    }
}
