using IndustryData.Application.Runs;

namespace IndustryData.Application.UnitTests.Runs;

/// <summary>
/// The lists for which a query can use a generic plan, because an index alone answers them. For any other list, the
/// query must be planned for its parameter values: a generic plan could read all runs.
/// </summary>
public sealed class IndexedListTests
{
    private static readonly Operand _start = new(RunField.StartDateTime, null);
    private static readonly Operand _status = new(RunField.Status, null);
    private static readonly Operand _when = new(null, UseCases.Now);
    private static readonly Operand _failed = new(null, (short)1);

    private static readonly IRunFilter _since = new ComparisonFilter(_start, ComparisonOperator.GreaterOrEqual, _when);
    private static readonly IRunFilter _isFailed = new ComparisonFilter(_status, ComparisonOperator.Equal, _failed);

    public static TheoryData<string, IRunFilter?> Answered =>
        new()
        {
            { "everything", null },
            { "a status", _isFailed },
            { "a time", _since },
            {
                "a status and a span",
                new LogicalFilter(
                    IsConjunction: true,
                    [
                        _isFailed,
                        new LogicalFilter(
                            IsConjunction: true,
                            [_since, new ComparisonFilter(_start, ComparisonOperator.Less, _when)]
                        ),
                    ]
                )
            },
        };

    public static TheoryData<string, IRunFilter> NotAnswered =>
        new()
        {
            { "another status", new ComparisonFilter(_status, ComparisonOperator.NotEqual, _failed) },
            { "several statuses", new InFilter(_status, [(short)1, (short)3]) },
            { "one or the other", new LogicalFilter(IsConjunction: false, [_isFailed, _since]) },
            { "the contrary", new NotFilter(_since) },
            { "another time", new ComparisonFilter(_start, ComparisonOperator.NotEqual, _when) },
            { "no time", new ComparisonFilter(_start, ComparisonOperator.Equal, new Operand(null, null)) },
            {
                "one time and another",
                new ComparisonFilter(_start, ComparisonOperator.Less, new Operand(RunField.CreatedDateTime, null))
            },
            { "an end", new ComparisonFilter(new Operand(RunField.EndDateTime, null), ComparisonOperator.Less, _when) },
            {
                "an end among others",
                new LogicalFilter(
                    IsConjunction: true,
                    [
                        _isFailed,
                        new ComparisonFilter(new Operand(RunField.EndDateTime, null), ComparisonOperator.Less, _when),
                    ]
                )
            },
            {
                "a name",
                new StringMatchFilter(
                    StringMatchKind.Start,
                    new Operand(RunField.DisplayName, null),
                    new Operand(null, "N")
                )
            },
        };

    [Theory]
    [MemberData(nameof(Answered))]
    public void A_status_and_a_span_in_the_order_of_start(string what, IRunFilter? filter)
    {
        Query(filter).CanUseGenericPlan.ShouldBeTrue(what);
        (
            Query(filter) with
            {
                Order = RunOrderKey.WithTieBreaker([new RunOrderKey(RunField.StartDateTime, IsDescending: false)]),
            }
        ).CanUseGenericPlan.ShouldBeTrue(what);
    }

    [Theory]
    [MemberData(nameof(NotAnswered))]
    public void Nothing_else(string what, IRunFilter filter) => Query(filter).CanUseGenericPlan.ShouldBeFalse(what);

    [Fact]
    public void Nothing_in_another_order_or_after_a_number_of_others_or_with_what_may_be_large()
    {
        Query(null, new RunOrderKey(RunField.StartDateTime, true), new RunOrderKey(RunField.Id, false))
            .CanUseGenericPlan.ShouldBeFalse();
        Query(null, new RunOrderKey(RunField.StartDateTime, true), new RunOrderKey(RunField.Status, true))
            .CanUseGenericPlan.ShouldBeFalse();
        Query(null, new RunOrderKey(RunField.DisplayName, true)).CanUseGenericPlan.ShouldBeFalse();
        Query(null, new RunOrderKey(RunField.Id, true)).CanUseGenericPlan.ShouldBeFalse();
        (Query(null) with { Skip = 1 }).CanUseGenericPlan.ShouldBeFalse();
        (Query(null) with { WithStatistics = true }).CanUseGenericPlan.ShouldBeFalse();
        (Query(null) with { Criteria = new RunCriteria(null, ["word"]) }).CanUseGenericPlan.ShouldBeFalse();
    }

    private static ListRunsQuery Query(IRunFilter? filter, params RunOrderKey[] order) =>
        new(
            UseCases.Tenant,
            new RunCriteria(filter, []),
            order.Length == 0 ? RunOrderKey.NewestFirst : RunOrderKey.WithTieBreaker(order),
            PageSize: 100
        );
}
