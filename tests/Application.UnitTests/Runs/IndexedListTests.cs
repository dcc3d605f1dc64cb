using IndustryData.Application.Runs;

namespace IndustryData.Application.UnitTests.Runs;

/// <summary>Which lists an index alone answers. Any other must be planned for its values: the one plan for all could read every run there is.</summary>
public sealed class IndexedListTests
{
    private static readonly RunTerm _start = new(RunField.StartDateTime, null);
    private static readonly RunTerm _status = new(RunField.Status, null);
    private static readonly RunTerm _when = new(null, UseCases.Now);
    private static readonly RunTerm _failed = new(null, (short)1);

    private static readonly IRunFilter _since = new RunComparison(_start, RunComparer.GreaterOrEqual, _when);
    private static readonly IRunFilter _isFailed = new RunComparison(_status, RunComparer.Equal, _failed);

    public static TheoryData<string, IRunFilter?> Answered => new()
    {
        { "everything", null },
        { "a status", _isFailed },
        { "a time", _since },
        { "a status and a span", new RunLogic(All: true, [_isFailed, new RunLogic(All: true, [_since, new RunComparison(_start, RunComparer.Less, _when)])]) },
    };

    public static TheoryData<string, IRunFilter> NotAnswered => new()
    {
        { "another status", new RunComparison(_status, RunComparer.NotEqual, _failed) },
        { "several statuses", new RunMembership(_status, [(short)1, (short)3]) },
        { "one or the other", new RunLogic(All: false, [_isFailed, _since]) },
        { "the contrary", new RunNot(_since) },
        { "another time", new RunComparison(_start, RunComparer.NotEqual, _when) },
        { "no time", new RunComparison(_start, RunComparer.Equal, new RunTerm(null, null)) },
        { "one time and another", new RunComparison(_start, RunComparer.Less, new RunTerm(RunField.CreatedDateTime, null)) },
        { "an end", new RunComparison(new RunTerm(RunField.EndDateTime, null), RunComparer.Less, _when) },
        { "an end among others", new RunLogic(All: true, [_isFailed, new RunComparison(new RunTerm(RunField.EndDateTime, null), RunComparer.Less, _when)]) },
        { "a name", new RunMatch(RunMatching.Start, new RunTerm(RunField.DisplayName, null), new RunTerm(null, "N")) },
    };

    [Theory]
    [MemberData(nameof(Answered))]
    public void A_status_and_a_span_in_the_order_of_start(string what, IRunFilter? filter)
    {
        Query(filter).IsAnsweredByIndex.ShouldBeTrue(what);
        (Query(filter) with { Order = RunOrderKey.Total([new RunOrderKey(RunField.StartDateTime, IsDescending: false)]) }).IsAnsweredByIndex.ShouldBeTrue(what);
    }

    [Theory]
    [MemberData(nameof(NotAnswered))]
    public void Nothing_else(string what, IRunFilter filter) => Query(filter).IsAnsweredByIndex.ShouldBeFalse(what);

    [Fact]
    public void Nothing_in_another_order_or_after_a_number_of_others_or_with_what_may_be_large()
    {
        Query(null, new RunOrderKey(RunField.StartDateTime, true), new RunOrderKey(RunField.Id, false)).IsAnsweredByIndex.ShouldBeFalse();
        Query(null, new RunOrderKey(RunField.StartDateTime, true), new RunOrderKey(RunField.Status, true)).IsAnsweredByIndex.ShouldBeFalse();
        Query(null, new RunOrderKey(RunField.DisplayName, true)).IsAnsweredByIndex.ShouldBeFalse();
        Query(null, new RunOrderKey(RunField.Id, true)).IsAnsweredByIndex.ShouldBeFalse();
        (Query(null) with { Skip = 1 }).IsAnsweredByIndex.ShouldBeFalse();
        (Query(null) with { WithStatistics = true }).IsAnsweredByIndex.ShouldBeFalse();
        (Query(null) with { Criteria = new RunCriteria(null, ["word"]) }).IsAnsweredByIndex.ShouldBeFalse();
    }

    private static ListRunsQuery Query(IRunFilter? filter, params RunOrderKey[] order) =>
        new(UseCases.Tenant, new RunCriteria(filter, []), order.Length == 0 ? RunOrderKey.Newest : RunOrderKey.Total(order), PageSize: 100);
}
