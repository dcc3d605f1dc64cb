using CsCheck;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>Compares every response with the same predicate evaluated in memory.</summary>
public sealed class FilterTests(SharedRuns runs, ITestOutputHelper output) : IClassFixture<SharedRuns>
{
    private static readonly string[] _ordering =
    [
        "displayName",
        "startDateTime",
        "endDateTime",
        "status",
        "createdDateTime",
        "lastModifiedDateTime",
    ];

    public static TheoryData<string> Paths => [.. StoredRun.Paths];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_property_compares_with_null_and_with_values_from_both_sides_and_in_both_orders(string path)
    {
        var there = runs
            .All.Select(r => r[path])
            .Where(v => v is not null)
            .Order(Comparer<object?>.Create(StoredRun.Compare))
            .ToList();
        object? absent = there[0] switch
        {
            string => "Zebra 🦓",
            DateTimeOffset => new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero),
            long => 12_345_678_901L,
            _ => new StoredRun.Status(5),
        };
        var order = _ordering.Contains(path) ? path : "startDateTime";
        var isDescending = false;
        foreach (var value in (object?[])[null, there[0], there[there.Count / 2], there[^1], absent])
        {
            foreach (var comparer in Condition.Comparers)
            {
                foreach (var isSwapped in (bool[])[false, true])
                {
                    await CheckAsync(
                        Condition.Compare(path, comparer, value, isSwapped),
                        order,
                        isDescending = !isDescending
                    );
                }
            }
        }

        await CheckAsync(Condition.In(path), order, true);
        await CheckAsync(Condition.In(path, [null]), order, true);
        await CheckAsync(Condition.In(path, there[0], null, there[^1], absent), order, false);
        await CheckAsync(Condition.Not(Condition.In(path, there[there.Count / 2], absent)), order, true);
        if (there[0] is string)
        {
            foreach (var function in Condition.Functions)
            {
                foreach (
                    var part in (string?[])
                        [null, "", "o", "E", "%", "_", "\\", "'", "é", "🙂", ((string)there[there.Count / 2]!)[..4]]
                )
                {
                    await CheckAsync(Condition.Call(function, path, part), order, isDescending = !isDescending);
                    await CheckAsync(
                        Condition.Not(Condition.Call(function, path, part?.ToLowerInvariant(), isLowered: true)),
                        order,
                        isDescending
                    );
                }
            }
        }
    }

    [Fact]
    public async Task The_whole_blocking_error_is_null_or_not()
    {
        await CheckAsync(Condition.HasBlockingError(true), "endDateTime", true);
        await CheckAsync(Condition.HasBlockingError(false), "endDateTime", false);
        await CheckAsync(Condition.Not(Condition.HasBlockingError(true)), "status", false);
    }

    [Fact]
    public async Task Random_trees_select_what_they_select_in_memory()
    {
        var (checks, seed) = (0, "");
        await Condition
            .Random(runs.All)
            .SampleAsync(
                async condition =>
                {
                    checks++;
                    (await runs.IdsAsync($"$filter={Uri.EscapeDataString(condition.Text)}"))
                        .Order()
                        .ShouldBe(Selected(condition).Select(r => r.Id).Order(), condition.Text);
                },
                line => seed += line,
                Environment.GetEnvironmentVariable("CsCheck_Seed"),
                iter: 300,
                threads: 1,
                print: condition => condition.Text
            );
        output.WriteLine($"{checks} trees {seed}");
    }

    [Theory]
    [InlineData("status eq microsoft.graph.industryData.industryDataRunStatus'failed'", "status eq 'failed'")]
    [InlineData("status gt microsoft.graph.industryData.industryDataRunStatus'failed'", "status gt 'failed'")]
    [InlineData(
        "status in (microsoft.graph.industryData.industryDataRunStatus'failed', 'running')",
        "status in ('failed','running')"
    )]
    [InlineData("status gt 'failed'", "status in ('completed','completedWithErrors','completedWithWarnings')")]
    [InlineData("status eq 'unknownFutureValue'", "false")]
    [InlineData("status gt 'unknownFutureValue'", "false")]
    [InlineData("status lt 'unknownFutureValue'", "true")]
    [InlineData("status ne 'unknownFutureValue'", "true")]
    [InlineData("statistics/inboundTotals/people gt 5000.5", "statistics/inboundTotals/people ge 5001")]
    [InlineData(
        "statistics/inboundTotals/people in (805.0, 805.5, 99999999999999999999)",
        "statistics/inboundTotals/people eq 805"
    )]
    [InlineData("statistics/inboundTotals/people lt INF", "statistics/inboundTotals/people ne null")]
    [InlineData("statistics/inboundTotals/people lt 99999999999999999999", "statistics/inboundTotals/people ne null")]
    [InlineData("startDateTime ge 2026-10-01T02:00:00+02:00", "startDateTime ge 2026-10-01T00:00:00Z")]
    [InlineData("startDateTime ge 2026-10-01T00:00Z", "startDateTime ge 2026-10-01T00:00:00.000000000Z")]
    [InlineData("endDateTime eq 2026-09-15T15:47:14.5498889Z", "endDateTime eq 2026-09-15T15:47:14.549888Z")]
    [InlineData("(((status eq 'failed')))", "status eq 'failed'")]
    [InlineData("not not (status eq 'failed')", "status eq 'failed'")]
    [InlineData("tolower(displayName) eq tolower('STAFF SYNC (FABRIKAM)')", "displayName eq 'Staff sync (Fabrikam)'")]
    [InlineData(
        "contains(tolower(displayName),tolower('ÉLÈVES'))",
        "contains(displayName,'Élèves') or contains(displayName,'élèves') or contains(displayName,'ÉLÈVES')"
    )]
    [InlineData("status eq 'failed' or true", "true")]
    [InlineData(
        "startDateTime ge 2026-10-01t00:00z and startDateTime lt 2026-11-01T00:00:00z",
        "startDateTime ge 2026-10-01T00:00:00Z and startDateTime lt 2026-11-01T00:00:00Z"
    )]
    [InlineData("startDateTime ge 2026-10-01T02:00:00.000000000000+02:00", "startDateTime ge 2026-10-01T00:00:00Z")]
    [InlineData(
        "statistics/inboundTotals/people gt +5000 and statistics/inboundTotals/people lt +1E+4",
        "statistics/inboundTotals/people gt 5000 and statistics/inboundTotals/people lt 10000"
    )]
    [InlineData("statistics/inboundTotals/people in (+805, +5e3)", "statistics/inboundTotals/people in (805,5000)")]
    [InlineData(
        "startDateTime\tgt\t2026-10-01T00:00:00Z\tand status\teq 'failed'",
        "startDateTime gt 2026-10-01T00:00:00Z and status eq 'failed'"
    )]
    [InlineData("$it/status eq 'failed'", "status eq 'failed'")]
    public async Task Two_ways_to_say_the_same_select_the_same(string one, string other) =>
        (await runs.IdsAsync($"$filter={Uri.EscapeDataString(one)}")).ShouldBe(
            await runs.IdsAsync($"$filter={Uri.EscapeDataString(other)}")
        );

    [Theory]
    [InlineData("$filter=startDateTime+ge+2026-10-01T02:00:00+02:00")]
    [InlineData("FILTER=startDateTime%20ge%202026-10-01T02:00:00%2B02:00")]
    [InlineData("Filter=startDateTime ge 2026-10-01T02:00:00+02:00")]
    public async Task A_plus_is_a_plus_where_only_a_plus_can_stand(string query) =>
        (await runs.IdsAsync(query)).Count.ShouldBe(
            runs.All.Count(r =>
                (DateTimeOffset)r["startDateTime"]! >= new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero)
            )
        );

    [Fact]
    public async Task Limits_are_what_they_are_said_to_be()
    {
        var hundred = string.Join(" or ", Enumerable.Repeat("status eq 'failed'", 100));
        var values = string.Join(',', Enumerable.Range(0, 500));
        var deep = string.Concat(Enumerable.Repeat("not (", 19)) + "status eq 'failed'" + new string(')', 19);

        await runs.IdsAsync($"$filter={hundred}");
        await runs.IdsAsync($"$filter=statistics/inboundTotals/people in ({values})");
        await runs.IdsAsync($"$filter={deep}");
        await RefusedAsync($"{hundred} or status eq 'failed'", "more than 100 conditions");
        await RefusedAsync($"statistics/inboundTotals/people in ({values},500)", "at most 500");
        await RefusedAsync($"not ({deep}) or true", "deeper than 20");
        await RefusedAsync(new string('(', 5000) + "true" + new string(')', 5000), "deeper than 20");
        await RefusedAsync(string.Join(" or ", Enumerable.Repeat("id eq ''", 1000)), "");
        await RefusedAsync(string.Concat(Enumerable.Repeat("not ", 3000)) + "true", "");
    }

    private async Task RefusedAsync(string filter, string reason)
    {
        using var response = await runs.Service.Client.GetAsync(
            $"process/runs?$filter={filter}",
            TestContext.Current.CancellationToken
        );

        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.BadRequest);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldContain(reason);
    }

    private IEnumerable<StoredRun> Selected(Condition condition) => runs.All.Where(r => condition.Holds(r) == true);

    private async Task CheckAsync(Condition condition, string order, bool isDescending)
    {
        var values = Comparer<object?>.Create(StoredRun.Compare);
        var selected = isDescending
            ? Selected(condition)
                .OrderByDescending(r => r[order], values)
                .ThenByDescending(r => r.Id, StringComparer.Ordinal)
            : Selected(condition).OrderBy(r => r[order], values).ThenBy(r => r.Id, StringComparer.Ordinal);

        var ids = await runs.IdsAsync(
            $"$filter={Uri.EscapeDataString(condition.Text)}&$orderby={order} {(isDescending ? "desc" : "asc")}"
        );

        ids.SequenceEqual(selected.Select(r => r.Id))
            .ShouldBeTrue($"{condition.Text} in {order} gave {ids.Count} instead of {Selected(condition).Count()}");
    }
}
