using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Lists a tenant's runs, the one that began last first.</summary>
/// <param name="TenantId">Whose runs.</param>
/// <param name="PageSize">0 to <see cref="RunPage.MaxSize"/>.</param>
/// <param name="After">The last run of the page before; null for the first page.</param>
public sealed record ListRunsQuery(TenantId TenantId, int PageSize, RunPosition? After) : IQuery<Result<RunPage>>;

/// <summary>A place in the list: between two runs nothing else can stand there, whatever others insert.</summary>
public readonly record struct RunPosition(DateTimeOffset StartDateTime, RunId Id);

/// <summary>One page of a list.</summary>
/// <param name="Runs">The runs, in the list's order.</param>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
public sealed record RunPage(IReadOnlyList<RunListItem> Runs, RunPosition? Next)
{
    /// <summary>The runs on a page when nobody asks for a number.</summary>
    public const int DefaultSize = 100;

    /// <summary>The runs on a page at most.</summary>
    public const int MaxSize = 1000;
}

internal sealed class ListRunsHandler(IRunReader runs) : IQueryHandler<ListRunsQuery, Result<RunPage>>
{
    public async ValueTask<Result<RunPage>> Handle(ListRunsQuery query, CancellationToken cancellationToken)
    {
        if (query.PageSize == 0)
        {
            return new RunPage([], null);
        }

        // One more than asked for tells whether there is a next page.
        var found = await runs.NewestAsync(query.TenantId, query.PageSize + 1, query.After, cancellationToken);
        if (found.Count <= query.PageSize)
        {
            return new RunPage(found, null);
        }

        var last = found[query.PageSize - 1];
        return new RunPage([.. found.Take(query.PageSize)], new RunPosition(last.StartDateTime, new RunId(last.Id)));
    }
}
