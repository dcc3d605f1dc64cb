using IndustryData.Application.Common;
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

        (await ReadAsync(cases, query)).Rows.ShouldBeEmpty();

        cases
            .Reader.Received(1)
            .ListAsync(
                Arg.Is<RunListSpec>(spec => spec.Limit == 8 && spec.After == query.After && spec.Order == query.Order),
                null,
                TestContext.Current.CancellationToken
            );
    }

    [Fact]
    public async Task A_page_of_size_0_is_empty_and_nobody_is_asked()
    {
        using var cases = new UseCases();

        (await ReadAsync(cases, Query(0))).Rows.ShouldBeEmpty();

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

        (await ReadAsync(cases, Query(pageSize))).Count.ShouldBeNull();
        (await ReadAsync(cases, Query(pageSize) with { WithCount = true })).Count.ShouldBe(7);
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

        (await ReadAsync(cases, Query(2) with { WithCount = true })).Rows.ShouldBeEmpty();

        counted.ShouldNotBeNull();
        cases.Reader.Received(1).ListAsync(Arg.Any<RunListSpec>(), counted, TestContext.Current.CancellationToken);
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

        var (_, read, next) = await ReadAsync(cases, Query(10) with { WithActivities = true });

        read.Select(r => r.Id).ShouldBe(runs.Take(2).Select(r => r.Id));
        read[1].Activities.ShouldBe(part);
        next.ShouldNotBeNull().Keys.ShouldBe([runs[1].StartDateTime, runs[1].Id]);
    }

    [Fact]
    public async Task Reader_that_stops_early_ends_the_query()
    {
        using var cases = new UseCases();
        var (read, isClosed) = (0, false);
        async IAsyncEnumerable<RunListItem> Rows()
        {
            try
            {
                foreach (var run in Sample.Items(50))
                {
                    await Task.Yield();
                    read++;
                    yield return run;
                }
            }
            finally
            {
                isClosed = true;
            }
        }

        cases.Reader.ListAsync(null!, null, TestContext.Current.CancellationToken).ReturnsForAnyArgs(Rows());

        var (_, rows, next) = await ReadAsync(cases, Query(40), room: 3);

        rows.Count.ShouldBe(3);
        next.ShouldNotBeNull();
        isClosed.ShouldBeTrue();

        // The fourth run shows that there is a next page.
        read.ShouldBe(4);
    }

    [Fact]
    public async Task Page_of_many_runs_allocates_no_more_memory_than_a_page_of_few()
    {
        var few = await AllocatedAsync(runs: 10);

        (await AllocatedAsync(runs: 900)).ShouldBeLessThan(few + 1000);
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
            .Reader.ListAsync(Arg.Any<RunListSpec>(), null, TestContext.Current.CancellationToken)
            .Returns(call => runs.Take(call.Arg<RunListSpec>().Limit).ToAsyncEnumerable());
        var (_, rows, next) = await ReadAsync(cases, Query(pageSize), room);
        return (rows, next);
    }

    /// <summary>
    /// Returns the number of bytes that reading a page allocates, apart from its runs. It is the lowest of many
    /// measurements, because a listener of another test makes the pipeline allocate more.
    /// </summary>
    private static async Task<long> AllocatedAsync(int runs)
    {
        using var cases = new UseCases();
        var stored = Sample.Items(runs).ToArray();
        cases
            .Reader.ListAsync(null!, null, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs(_ => stored.ToAsyncEnumerable());
        var lowest = long.MaxValue;
        for (var i = 0; i < 300; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            await using var items = cases
                .Sender.CreateStream(Query(RunPage.MaxSize), TestContext.Current.CancellationToken)
                .GetAsyncEnumerator(TestContext.Current.CancellationToken);
            var read = 0;
            while (await items.MoveNextAsync())
            {
                read++;
            }

            lowest = Math.Min(lowest, GC.GetAllocatedBytesForCurrentThread() - before);
            read.ShouldBe(runs + 1);
        }

        return lowest;
    }

    /// <summary>Reads a page as the endpoint does.</summary>
    private static async Task<(long? Count, List<RunListItem> Rows, KeysetCursor? Next)> ReadAsync(
        UseCases cases,
        ListRunsQuery query,
        int room = int.MaxValue
    )
    {
        await using var items = cases
            .Sender.CreateStream(query, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var head = (await items.ReadHeadAsync()).Value;
        var (rows, hasNext) = (new List<RunListItem>(), false);
        while (rows.Count < room && await items.MoveNextAsync())
        {
            rows.Add(items.Current.Row);
            hasNext = items.Current.HasNext;
        }

        return (head.Count, rows, hasNext ? KeysetCursor.FromRun(rows[^1], query.Order) : null);
    }
}
