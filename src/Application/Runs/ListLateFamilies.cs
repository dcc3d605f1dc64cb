using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Lists the families that have probably missed a run: more than twice the median gap has passed since the last start.
/// This is a guess, because the service does not know when a job is planned. The families are those of the newest
/// 10,000 runs of the tenant, and may be a minute old.
/// </summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
public sealed record ListLateFamiliesQuery(TenantId TenantId) : IQuery<Result<LateFamilies>>
{
    /// <summary>The maximum number of families.</summary>
    public const int MaxFamilies = 50;

    /// <summary>The number of runs of a tenant, the newest ones, whose families are known.</summary>
    public const int MaxRuns = RecentRunFamilies.MaxRuns;

    /// <summary>The minimum number of gaps from which the guess is made.</summary>
    public const int MinGaps = 3;
}

/// <summary>The families that are late.</summary>
/// <param name="Families">The families, the one with the newest last start first.</param>
/// <param name="HasMore">True if there are more of them.</param>
public sealed record LateFamilies(IReadOnlyList<RunFamilyStatistics> Families, bool HasMore);

internal sealed class ListLateFamiliesHandler(RecentRunFamilies families, TimeProvider clock)
    : IQueryHandler<ListLateFamiliesQuery, Result<LateFamilies>>
{
    public async ValueTask<Result<LateFamilies>> Handle(
        ListLateFamiliesQuery query,
        CancellationToken cancellationToken
    )
    {
        var known = await families.GetAsync(query.TenantId, cancellationToken);
        var now = clock.GetUtcNow();
        var late = known
            .Values.Where(f =>
                // Of runs that start together, no gap is usual.
                f is { Gaps: >= ListLateFamiliesQuery.MinGaps, MedianGap: { } usual }
                && usual > TimeSpan.Zero
                && now - f.LastStart > 2 * usual
            )
            .OrderByDescending(f => f.LastStart)
            .Take(ListLateFamiliesQuery.MaxFamilies + 1)
            .ToList();
        return new LateFamilies(
            [.. late.Take(ListLateFamiliesQuery.MaxFamilies)],
            late.Count > ListLateFamiliesQuery.MaxFamilies
        );
    }
}
