using System.Numerics;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Adds up what runs of a tenant counted.</summary>
/// <param name="TenantId">Whose runs.</param>
/// <param name="Criteria">Which of them.</param>
public sealed record SumRunStatisticsQuery(TenantId TenantId, RunCriteria Criteria) : IQuery<Result<RunTotals>>;

/// <summary>What runs counted together.</summary>
/// <param name="NewestRunId">The run that began last; null when there is no run.</param>
/// <param name="Status">How that run stands, by name.</param>
/// <param name="Totals">The sums; null where no run says.</param>
public sealed record RunTotals(Guid? NewestRunId, string Status, InboundTotals Totals);

/// <summary>The sums as the database makes them, by name; they may be larger than a count can be.</summary>
public sealed record RunTotalsRow(Guid NewestRunId, string Status, IReadOnlyDictionary<RunField, BigInteger?> Totals);

internal sealed class SumRunStatisticsHandler(IRunReader runs) : IQueryHandler<SumRunStatisticsQuery, Result<RunTotals>>
{
    public async ValueTask<Result<RunTotals>> Handle(SumRunStatisticsQuery query, CancellationToken cancellationToken)
    {
        if (await runs.SumAsync(query.TenantId, query.Criteria, cancellationToken) is not { } sums)
        {
            return new RunTotals(null, "", new InboundTotals());
        }

        foreach (var (field, sum) in sums.Totals)
        {
            if (sum > long.MaxValue)
            {
                return new Error(ErrorKind.Validation, "sumTooLarge", $"The sum of statistics/inboundTotals/{char.ToLowerInvariant($"{field}"[0])}{$"{field}"[1..]} is above {long.MaxValue}; select fewer runs by $filter.");
            }
        }

        return new RunTotals(sums.NewestRunId, sums.Status, new InboundTotals
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
