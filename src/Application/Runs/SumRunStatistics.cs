using System.Numerics;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Adds up what runs of a tenant counted.</summary>
/// <param name="TenantId">Whose runs.</param>
/// <param name="Criteria">Which of them.</param>
public sealed record SumRunStatisticsQuery(TenantId TenantId, RunCriteria Criteria) : IQuery<Result<RunStatisticsSum>>;

/// <summary>What runs counted together.</summary>
/// <param name="Newest">The run that began last; null when there is no run.</param>
/// <param name="Status">How that run stands, by name.</param>
/// <param name="Totals">The sums; null where no run says.</param>
public sealed record RunStatisticsSum(Guid? Newest, string Status, InboundTotals Totals);

/// <summary>The sums as the database makes them, by name; they may be larger than a count can be.</summary>
public sealed record RunSums(Guid Newest, string Status, IReadOnlyDictionary<RunField, BigInteger?> Totals);

internal sealed class SumRunStatisticsHandler(IRunReader runs) : IQueryHandler<SumRunStatisticsQuery, Result<RunStatisticsSum>>
{
    public async ValueTask<Result<RunStatisticsSum>> Handle(SumRunStatisticsQuery query, CancellationToken cancellationToken)
    {
        if (await runs.SumAsync(query.TenantId, query.Criteria, cancellationToken) is not { } sums)
        {
            return new RunStatisticsSum(null, "", new InboundTotals());
        }

        foreach (var (field, sum) in sums.Totals)
        {
            if (sum > long.MaxValue)
            {
                return new Error(ErrorKind.Invalid, "sumTooLarge", $"The sum of statistics/inboundTotals/{char.ToLowerInvariant($"{field}"[0])}{$"{field}"[1..]} is above {long.MaxValue}; select fewer runs by $filter.");
            }
        }

        return new RunStatisticsSum(sums.Newest, sums.Status, new InboundTotals
        {
            Errors = (long?)sums.Totals[RunField.Errors],
            Warnings = (long?)sums.Totals[RunField.Warnings],
            Groups = (long?)sums.Totals[RunField.Groups],
            Memberships = (long?)sums.Totals[RunField.Memberships],
            Organizations = (long?)sums.Totals[RunField.Organizations],
            People = (long?)sums.Totals[RunField.People],
        });
    }
}
