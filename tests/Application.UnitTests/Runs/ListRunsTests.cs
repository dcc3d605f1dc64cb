using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Runs;

public sealed class ListRunsTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 3)]
    [InlineData(5, RunPage.DefaultSize)]
    [InlineData(1000, RunPage.MaxSize)]
    public async Task The_last_page_has_what_there_is_and_no_next(int there, int pageSize)
    {
        var runs = Sample.Items(there);

        var page = await List(runs, pageSize);

        page.Runs.ShouldBe(runs);
        page.Next.ShouldBeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(RunPage.MaxSize)]
    public async Task A_page_with_a_next_one_ends_where_that_begins(int pageSize)
    {
        var runs = Sample.Items(pageSize + 1);

        var page = await List(runs, pageSize);

        page.Runs.ShouldBe(runs.Take(pageSize));
        page.Next.ShouldBe(new RunPosition(runs[pageSize - 1].StartDateTime, new RunId(runs[pageSize - 1].Id)));
    }

    [Fact]
    public async Task The_next_page_goes_on_after_the_last_run_of_the_one_before()
    {
        using var cases = new UseCases();
        var after = new RunPosition(UseCases.Now, new RunId(Guid.CreateVersion7()));
        cases.Reader.NewestAsync(default, default, default, TestContext.Current.CancellationToken).ReturnsForAnyArgs([]);

        await cases.Sender.Send(new ListRunsQuery(UseCases.Tenant, 7, after), TestContext.Current.CancellationToken);

        await cases.Reader.Received(1).NewestAsync(UseCases.Tenant, 8, after, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_page_of_size_0_is_empty_and_nobody_is_asked()
    {
        using var cases = new UseCases();

        var page = (await cases.Sender.Send(new ListRunsQuery(UseCases.Tenant, 0, null), TestContext.Current.CancellationToken)).Value;

        page.Runs.ShouldBeEmpty();
        page.Next.ShouldBeNull();
        cases.Reader.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public void Page_sizes_are_the_contracts() => (RunPage.DefaultSize, RunPage.MaxSize).ShouldBe((100, 1000));

    /// <summary>The first page of these runs; the reader gives no more than it is asked for.</summary>
    private static async Task<RunPage> List(IReadOnlyList<RunListItem> runs, int pageSize)
    {
        using var cases = new UseCases();
        cases.Reader.NewestAsync(UseCases.Tenant, Arg.Any<int>(), null, TestContext.Current.CancellationToken)
            .Returns(call => [.. runs.Take(call.Arg<int>())]);
        return (await cases.Sender.Send(new ListRunsQuery(UseCases.Tenant, pageSize, null), TestContext.Current.CancellationToken)).Value;
    }
}
