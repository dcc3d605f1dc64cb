using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// The lists for which a query can use a generic plan, because an index alone answers them. For any other list, the
/// query must be planned for its parameter values: a generic plan could read all runs.
/// </summary>
public sealed class RunQueryPlanTests
{
    private static readonly Operand _start = new(RunField.StartDateTime, null);
    private static readonly Operand _status = new(RunField.Status, null);
    private static readonly Operand _when = new(null, DateTimeOffset.UnixEpoch);
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
    public void List_of_a_status_and_a_start_range_in_start_order_uses_a_generic_plan(string what, IRunFilter? filter)
    {
        RunQueryPlan.CanUseGenericPlan(List(filter)).ShouldBeTrue(what);
        RunQueryPlan
            .CanUseGenericPlan(List(filter, new RunOrderKey(RunField.StartDateTime, IsDescending: false)))
            .ShouldBeTrue(what);
    }

    [Theory]
    [MemberData(nameof(NotAnswered))]
    public void List_with_another_filter_is_planned_for_its_values(string what, IRunFilter filter) =>
        RunQueryPlan.CanUseGenericPlan(List(filter)).ShouldBeFalse(what);

    [Fact]
    public void List_in_another_order_or_with_large_columns_is_planned_for_its_values()
    {
        RunListSpec[] lists =
        [
            List(null, new RunOrderKey(RunField.StartDateTime, true), new RunOrderKey(RunField.Id, false)),
            List(null, new RunOrderKey(RunField.StartDateTime, true), new RunOrderKey(RunField.Status, true)),
            List(null, new RunOrderKey(RunField.DisplayName, true)),
            List(null, new RunOrderKey(RunField.Id, true)),
            List(null) with
            {
                Skip = 1,
            },
            List(null) with
            {
                Limit = 201,
            },
            List(null) with
            {
                Columns = new RunColumns(Statistics: true, BlockingError: true),
            },
            List(null) with
            {
                Criteria = new RunCriteria(null, ["word"]),
            },
        ];

        lists.ShouldAllBe(list => !RunQueryPlan.CanUseGenericPlan(list));
    }

    [Theory]
    [InlineData(false, false, 101, true)]
    [InlineData(false, true, 101, true)]
    [InlineData(true, false, 101, true)]
    [InlineData(true, true, 101, false)]
    [InlineData(false, false, 1001, false)]
    public void Delta_scan_is_planned_for_its_values_if_it_searches_or_is_long(
        bool isInitialSync,
        bool hasFilter,
        int limit,
        bool isGeneric
    ) =>
        RunQueryPlan
            .CanUseGenericPlan(
                new RunCriteria(hasFilter ? _isFailed : null, []),
                DeltaScan.Begin(0, 1, isInitialSync),
                limit
            )
            .ShouldBe(isGeneric);

    [Fact]
    public void Count_is_read_from_the_counts_by_status_if_it_depends_on_nothing_else()
    {
        IRunFilter?[] byStatus =
        [
            null,
            _isFailed,
            new NotFilter(_isFailed),
            new InFilter(_status, [(short)1, (short)3]),
            new LogicalFilter(IsConjunction: false, [_isFailed, new NotFilter(_isFailed)]),
        ];

        byStatus.Select(filter => new RunCriteria(filter, [])).ShouldAllBe(c => RunQueryPlan.FiltersOnlyByStatus(c));
        RunQueryPlan.FiltersOnlyByStatus(new RunCriteria(_since, [])).ShouldBeFalse();
        RunQueryPlan
            .FiltersOnlyByStatus(new RunCriteria(new LogicalFilter(IsConjunction: true, [_isFailed, _since]), []))
            .ShouldBeFalse();
        RunQueryPlan.FiltersOnlyByStatus(new RunCriteria(_isFailed, ["word"])).ShouldBeFalse();
    }

    private static RunListSpec List(IRunFilter? filter, params RunOrderKey[] order) =>
        new(
            new TenantId(Guid.Empty),
            new RunCriteria(filter, []),
            order.Length == 0 ? RunOrderKey.NewestFirst : RunOrderKey.WithTieBreaker(order),
            Limit: 101,
            Skip: 0,
            After: null,
            new RunColumns(Statistics: false, BlockingError: true)
        );
}
