using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Reads the usual values of families. They are based on the newest 10,000 runs of the tenant, and may be a minute old.
/// </summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Families">The families (<see cref="RunFamily"/>): at most 100.</param>
public sealed record GetFamilyStatisticsQuery(TenantId TenantId, IReadOnlyCollection<string> Families)
    : IQuery<Result<FamilyStatistics>>
{
    /// <summary>The maximum number of families.</summary>
    public const int MaxFamilies = 100;
}

/// <summary>The statistics of several families.</summary>
/// <param name="ByFamily">The statistics. A family without a run among the newest runs is absent.</param>
public sealed record FamilyStatistics(IReadOnlyDictionary<string, RunFamilyStatistics> ByFamily);

internal sealed class GetFamilyStatisticsValidator : AbstractValidator<GetFamilyStatisticsQuery>
{
    public GetFamilyStatisticsValidator() =>
        RuleFor(q => q.Families)
            .Must(families => families.Count <= GetFamilyStatisticsQuery.MaxFamilies)
            .WithErrorCode("tooManyFamilies")
            .WithMessage($"Ask for at most {GetFamilyStatisticsQuery.MaxFamilies} families at once.");
}

internal sealed class GetFamilyStatisticsHandler(RecentRunFamilies families)
    : IQueryHandler<GetFamilyStatisticsQuery, Result<FamilyStatistics>>
{
    public async ValueTask<Result<FamilyStatistics>> Handle(
        GetFamilyStatisticsQuery query,
        CancellationToken cancellationToken
    )
    {
        var known = await families.GetAsync(query.TenantId, cancellationToken);
        return new FamilyStatistics(
            query
                .Families.Distinct(StringComparer.Ordinal)
                .Where(known.ContainsKey)
                .ToDictionary(f => f, f => known[f], StringComparer.Ordinal)
        );
    }
}
