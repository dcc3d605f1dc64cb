using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunStatusTests
{
    [Fact]
    public void There_are_five_with_graphs_names_and_numbers()
    {
        RunStatus
            .All.Select(s => (s.Name, s.Number))
            .ShouldBe([
                ("running", (short)0),
                ("failed", (short)1),
                ("completed", (short)2),
                ("completedWithErrors", (short)3),
                ("completedWithWarnings", (short)4),
            ]);
        RunStatus.All.ShouldAllBe(s => s.ToString() == s.Name);
    }

    [Fact]
    public void Each_is_found_by_its_name_and_by_its_number()
    {
        foreach (var status in RunStatus.All)
        {
            RunStatus.FromName(status.Name).ShouldBeSameAs(status);
            RunStatus.FromNumber(status.Number).ShouldBeSameAs(status);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Running")]
    [InlineData("COMPLETED")]
    [InlineData("completedwitherrors")]
    [InlineData(" running")]
    [InlineData("running ")]
    [InlineData("0")]
    [InlineData("inProgress")]
    [InlineData("unknownFutureValue")]
    public void No_other_text_is_a_name(string name) => RunStatus.FromName(name).ShouldBeNull();

    [Theory]
    [InlineData(-1)]
    [InlineData(5)]
    [InlineData(short.MaxValue)]
    public void A_number_of_none_is_an_exception(short number) =>
        Should.Throw<ArgumentOutOfRangeException>(() => RunStatus.FromNumber(number));

    [Fact]
    public void Only_running_is_open_and_may_become_any_of_the_others()
    {
        RunStatus.All.Where(s => !s.IsTerminal).ShouldBe([RunStatus.Running]);
        RunStatus.Running.AllowedTransitions.ShouldBe([
            RunStatus.Failed,
            RunStatus.Completed,
            RunStatus.CompletedWithErrors,
            RunStatus.CompletedWithWarnings,
        ]);
    }

    [Fact]
    public void The_others_are_final() =>
        RunStatus.All.Where(s => s.IsTerminal).ShouldAllBe(s => s.AllowedTransitions.Count == 0);

    [Fact]
    public void Three_may_have_a_blocking_error() =>
        RunStatus
            .All.Where(s => s.AllowsBlockingError)
            .ShouldBe([RunStatus.Running, RunStatus.Failed, RunStatus.CompletedWithErrors]);
}
