using System.Numerics;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Sums the inbound totals of a tenant's runs.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Criteria">The criteria that select the runs.</param>
public sealed record SumRunStatisticsQuery(TenantId TenantId, RunCriteria Criteria) : IQuery<Result<RunTotals>>;

/// <summary>The sums of the inbound totals of several runs.</summary>
/// <param name="NewestRunId">The id of the run that started last; null if there is no run.</param>
/// <param name="Status">The name of that run's status.</param>
/// <param name="Totals">The sums. A sum is null if no run contains the count.</param>
public sealed record RunTotals(Guid? NewestRunId, string Status, InboundTotals Totals);

/// <summary>The sums as computed by the database, by field. They may exceed the range of a count.</summary>
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
                return new Error(
                    ErrorKind.Validation,
                    "sumTooLarge",
                    $"The sum of statistics/inboundTotals/{char.ToLowerInvariant($"{field}"[0])}{$"{field}"[1..]} "
                        + $"is above {long.MaxValue}; select fewer runs by $filter."
                );
            }
        }

        return new RunTotals(
            sums.NewestRunId,
            sums.Status,
            new InboundTotals
            {
                Errors = (long?)sums.Totals[RunField.Errors],
                Warnings = (long?)sums.Totals[RunField.Warnings],
                Groups = (long?)sums.Totals[RunField.Groups],
                Memberships = (long?)sums.Totals[RunField.Memberships],
                Organizations = (long?)sums.Totals[RunField.Organizations],
                People = (long?)sums.Totals[RunField.People],
            }
        );
    }
}
