using System.Collections.Concurrent;
using System.Diagnostics;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// Tests that the span of a list includes its SQL. A listener receives the spans of the whole process, so the class
/// runs alone.
/// </summary>
[Collection(typeof(SerialTests))]
public sealed class ListSpanTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Run = """
        { "displayName": "a", "startDateTime": "2026-01-01T00:00:00Z", "status": "running", "statistics": {} }
        """;

    [Theory]
    [InlineData("process/runs", "ListRunsQuery", 1, 2)]
    [InlineData("process/runs?$count=true", "ListRunsQuery", 2, 2)]
    [InlineData("process/runs?$expand=activities&$top=1", "ListRunsQuery", 2, 1)]
    [InlineData("process/runs/delta", "GetRunDeltaQuery", 2, 2)]
    public async Task Span_of_a_list_includes_its_sql(string path, string useCase, int statements, long rows)
    {
        await AddAsync(Run);
        await AddAsync(Run);
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "IndustryData" or "Npgsql",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);

        await Client.GetJsonAsync(new Uri(Service.Root, path));

        // The span of the last statement may end after the response.
        using var within = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        within.CancelAfter(TimeSpan.FromSeconds(30));
        Activity? list;
        while ((list = ended.SingleOrDefault(s => s.OperationName == useCase)) is null)
        {
            await Task.Delay(20, within.Token);
        }

        var sql = ended.Where(s => s.Source.Name == "Npgsql" && s.ParentSpanId == list.SpanId).ToList();
        sql.Count.ShouldBeGreaterThanOrEqualTo(statements);
        sql.ShouldAllBe(s => s.StartTimeUtc + s.Duration <= list.StartTimeUtc + list.Duration);
        list.GetTagItem("db.response.returned_rows").ShouldBe(rows);
    }
}
