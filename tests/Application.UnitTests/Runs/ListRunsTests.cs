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

        var (read, next) = await List(runs, pageSize);

        read.ShouldBe(runs);
        next.ShouldBeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(RunPage.MaxSize)]
    public async Task A_page_with_a_next_one_ends_where_that_begins(int pageSize)
    {
        var runs = Sample.Items(pageSize + 1);

        var (read, next) = await List(runs, pageSize);

        read.ShouldBe(runs.Take(pageSize));
        next.ShouldNotBeNull().Keys.ShouldBe([runs[pageSize - 1].StartDateTime, runs[pageSize - 1].Id]);
    }

    [Fact]
    public async Task The_next_page_goes_on_after_the_last_run_of_the_one_before()
    {
        using var cases = new UseCases();
        var query = Query(7) with { After = new KeysetCursor([UseCases.Now, Guid.CreateVersion7()]) };
        cases
            .Reader.ListAsync(null!, null, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs(AsyncEnumerable.Empty<RunListItem>());

        var page = (await cases.Sender.Send(query, TestContext.Current.CancellationToken)).Value;
        (await page.Runs.CountAsync(TestContext.Current.CancellationToken)).ShouldBe(0);

        cases.Reader.Received(1).ListAsync(query with { PageSize = 8 }, null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_page_of_size_0_is_empty_and_nobody_is_asked()
    {
        using var cases = new UseCases();

        var page = (await cases.Sender.Send(Query(0), TestContext.Current.CancellationToken)).Value;

        (await page.Runs.CountAsync(TestContext.Current.CancellationToken)).ShouldBe(0);
        page.Next.ShouldBeNull();
        cases.Reader.ReceivedCalls().ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_page_that_is_full_ends_there(int room)
    {
        var runs = Sample.Items(5);

        var (read, next) = await List(runs, 100, room);

        read.ShouldBe(runs.Take(room));
        next.ShouldNotBeNull().Keys.ShouldBe([runs[room - 1].StartDateTime, runs[room - 1].Id]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Runs_are_counted_only_when_somebody_asks(int pageSize)
    {
        using var cases = new UseCases();
        cases
            .Reader.ListAsync(null!, null, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs(AsyncEnumerable.Empty<RunListItem>());
        cases
            .Reader.CountAsync(
                UseCases.Tenant,
                RunCriteria.All,
                Arg.Any<QueryTime?>(),
                TestContext.Current.CancellationToken
            )
            .Returns(7);

        (await cases.Sender.Send(Query(pageSize), TestContext.Current.CancellationToken)).Value.Count.ShouldBeNull();
        (
            await cases.Sender.Send(Query(pageSize) with { WithCount = true }, TestContext.Current.CancellationToken)
        ).Value.Count.ShouldBe(7);
    }

    [Fact]
    public async Task The_count_and_the_list_of_a_request_share_their_time()
    {
        using var cases = new UseCases();
        QueryTime? counted = null;
        cases
            .Reader.CountAsync(default, RunCriteria.All, null, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs(call =>
            {
                counted = call.Arg<QueryTime>();
                return 7;
            });
        cases
            .Reader.ListAsync(null!, null, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs(AsyncEnumerable.Empty<RunListItem>());

        var query = Query(2) with { WithCount = true };
        var page = (await cases.Sender.Send(query, TestContext.Current.CancellationToken)).Value;
        (await page.Runs.CountAsync(TestContext.Current.CancellationToken)).ShouldBe(0);

        counted.ShouldNotBeNull();
        cases.Reader.Received(1).ListAsync(Arg.Any<ListRunsQuery>(), counted, TestContext.Current.CancellationToken);
    }

    /// <summary>
    /// The reader returns the activities of two runs only, because the second run has too many of them.
    /// </summary>
    [Fact]
    public async Task A_page_ends_with_the_last_run_whose_activities_were_read()
    {
        using var cases = new UseCases();
        var runs = Sample.Items(3);
        var part = new ActivityPage([], ActivityId.FromGuid(Guid.CreateVersion7()));
        cases
            .Reader.ListAsync(null!, null, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs(runs.ToAsyncEnumerable());
        cases
            .Reader.ListActivitiesAsync(default, null!, null, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs(new[] { new ActivityPage([]), part }.ToAsyncEnumerable());

        var page = (
            await cases.Sender.Send(Query(10) with { WithActivities = true }, TestContext.Current.CancellationToken)
        ).Value;
        var read = await page.Runs.ToListAsync(TestContext.Current.CancellationToken);

        read.Select(r => r.Id).ShouldBe(runs.Take(2).Select(r => r.Id));
        read[1].Activities.ShouldBe(part);
        page.Next.ShouldNotBeNull().Keys.ShouldBe([runs[1].StartDateTime, runs[1].Id]);
    }

    [Theory]
    [InlineData("StartDateTime desc", "StartDateTime desc,Id desc")]
    [InlineData("StartDateTime desc,Status asc", "StartDateTime desc,Status asc,Id asc")]
    [InlineData("Status asc,Id desc,DisplayName asc", "Status asc,Id desc")]
    [InlineData("Status asc,Status desc", "Status asc,Id asc")]
    public void The_id_closes_every_order(string keys, string total)
    {
        var order = RunOrderKey.WithTieBreaker(
            keys.Split(',')
                .Select(k => new RunOrderKey(
                    Enum.Parse<RunField>(k.Split(' ')[0]),
                    k.EndsWith("desc", StringComparison.Ordinal)
                ))
        );

        string.Join(',', order.Select(k => $"{k.Field} {(k.IsDescending ? "desc" : "asc")}")).ShouldBe(total);
    }

    [Fact]
    public void Page_sizes_are_the_contracts() => (RunPage.DefaultSize, RunPage.MaxSize).ShouldBe((100, 1000));

    private static ListRunsQuery Query(int pageSize) =>
        new(UseCases.Tenant, RunCriteria.All, RunOrderKey.NewestFirst, pageSize);

    /// <summary>
    /// Reads the first page of the given runs. The reader returns no more runs than the page size that it receives.
    /// </summary>
    /// <param name="runs">The stored runs.</param>
    /// <param name="pageSize">The requested page size.</param>
    /// <param name="room">The number of runs after which the response reaches its size limit.</param>
    private static async Task<(List<RunListItem> Read, KeysetCursor? Next)> List(
        IReadOnlyList<RunListItem> runs,
        int pageSize,
        int room = int.MaxValue
    )
    {
        using var cases = new UseCases();
        cases
            .Reader.ListAsync(Arg.Any<ListRunsQuery>(), null, TestContext.Current.CancellationToken)
            .Returns(call => runs.Take(call.Arg<ListRunsQuery>().PageSize).ToAsyncEnumerable());
        var page = (await cases.Sender.Send(Query(pageSize), TestContext.Current.CancellationToken)).Value;
        var read = new List<RunListItem>();
        await foreach (var run in page.Runs)
        {
            read.Add(run);
            page.SizeLimitReached = read.Count >= room;
        }

        return (read, page.Next);
    }
}
