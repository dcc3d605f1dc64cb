using System.Numerics;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Runs;

public sealed class SumRunStatisticsTests
{
    private static readonly RunField[] _totals =
    [
        RunField.Errors,
        RunField.Warnings,
        RunField.Groups,
        RunField.Memberships,
        RunField.Organizations,
        RunField.People,
    ];

    [Fact]
    public async Task Each_sum_is_of_its_own_total()
    {
        var newest = Guid.CreateVersion7();
        var sums = _totals.Select((total, i) => (total, i)).ToDictionary(t => t.total, t => (BigInteger?)t.i);
        sums[RunField.Groups] = null;

        var sum = (await Sum(new RunTotalsRow(newest, "failed", sums))).Value;

        sum.ShouldBe(
            new RunTotals(
                newest,
                "failed",
                new InboundTotals
                {
                    Errors = 0,
                    Warnings = 1,
                    Memberships = 3,
                    Organizations = 4,
                    People = 5,
                }
            )
        );
    }

    [Theory]
    [InlineData(RunField.Errors, "statistics/inboundTotals/errors")]
    [InlineData(RunField.People, "statistics/inboundTotals/people")]
    public async Task The_largest_count_is_a_sum_and_one_more_is_none(RunField field, string path)
    {
        var sums = _totals.ToDictionary(t => t, _ => (BigInteger?)long.MaxValue);
        (await Sum(new RunTotalsRow(Guid.Empty, "failed", sums))).Error.ShouldBeNull();

        sums[field] = (BigInteger)long.MaxValue + 1;
        var error = (await Sum(new RunTotalsRow(Guid.Empty, "failed", sums))).Error.ShouldNotBeNull();

        error.Code.ShouldBe("sumTooLarge");
        error.Message.ShouldContain(path);
    }

    [Fact]
    public async Task Without_runs_there_is_no_newest() => (await Sum(null)).Value.NewestRunId.ShouldBeNull();

    private static async Task<Result<RunTotals>> Sum(RunTotalsRow? sums)
    {
        using var cases = new UseCases();
        cases.Reader.SumAsync(UseCases.Tenant, RunCriteria.All, TestContext.Current.CancellationToken).Returns(sums);
        return await cases.Sender.Send(
            new SumRunStatisticsQuery(UseCases.Tenant, RunCriteria.All),
            TestContext.Current.CancellationToken
        );
    }
}
