using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>Tests the counts of the pages against a computation in memory.</summary>
public sealed class GroupedCountTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly DateTimeOffset _day = new(2026, 3, 29, 0, 0, 0, TimeSpan.Zero);
    private static readonly StartSpan _span = new(_day, _day.AddDays(1));

    private readonly List<Added> _added = [];

    [Theory]
    [InlineData(60)]
    [InlineData(15)]
    [InlineData(1440)]
    public async Task Runs_are_counted_by_bucket_and_status(int minutes)
    {
        await AddRunsAsync();
        var bucket = TimeSpan.FromMinutes(minutes);

        var counted = await SendAsync(new CountRunsByTimeQuery(Tenant, RunCriteria.All, _span, bucket));

        counted.Counts.ShouldBe(
            _added
                .Where(a => a.Start >= _span.From && a.Start < _span.To)
                .GroupBy(a => (_span.From + (bucket * Math.Floor((a.Start - _span.From) / bucket)), a.Status))
                .OrderBy(g => g.Key.Item1)
                .ThenBy(g => RunStatus.FromName(g.Key.Status)!.Number)
                .Select(g => new RunCountOfTime(g.Key.Item1, g.Key.Status, g.Count()))
        );
    }

    [Fact]
    public async Task Failures_are_counted_by_code_with_the_newest_run_of_each()
    {
        await AddRunsAsync();

        var counted = await SendAsync(new CountFailuresByCodeQuery(Tenant, _span));

        counted
            .Codes.Select(c => (c.Code, c.Count, c.LastStart))
            .ShouldBe(
                _added
                    .Where(a => a.Status == "failed" && a.Start >= _span.From && a.Start < _span.To)
                    .GroupBy(a => a.Code)
                    .Select(g => (Code: g.Key, Count: (long)g.Count(), LastStart: g.Max(a => a.Start)))
                    .OrderByDescending(c => c.Count)
                    .ThenByDescending(c => c.LastStart)
            );
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Span_with_no_bucket_or_too_many_is_refused(int minutes)
    {
        var span = minutes == 0 ? new StartSpan(_day, _day) : _span with { To = _day.AddMinutes(1001) };
        var query = new CountRunsByTimeQuery(Tenant, RunCriteria.All, span, TimeSpan.FromMinutes(1));
        await using var scope = Service.Services.CreateAsyncScope();

        var result = await scope.ServiceProvider.GetRequiredService<ISender>().Send(query, Cancellation);

        result.Error.ShouldNotBeNull().Code.ShouldBe("invalidSpan");
    }

    private static TenantId Tenant => new(Tokens.Tenant);

    private async Task<T> SendAsync<T>(IQuery<Domain.Result<T>> query)
        where T : notnull
    {
        await using var scope = Service.Services.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<ISender>().Send(query, Cancellation)).Value;
    }

    // Runs of the span, of the hours around it, and of another tenant.
    private async Task AddRunsAsync()
    {
        using var other = Service.Authorized(Tokens.Make(tid: $"{Tokens.OtherTenant}"));
        var random = new Random(4);
        string[] statuses = ["running", "failed", "completed", "completedWithErrors", "completedWithWarnings"];
        string?[] codes = ["a", "b", "b'c", null];
        for (var n = 0; n < 60; n++)
        {
            var start = _day.AddSeconds(random.Next(-7200, 86_400 + 7200));
            var status = statuses[random.Next(statuses.Length)];
            var seconds = random.Next(1, 5000);
            var code = status == "failed" ? codes[random.Next(codes.Length)] : null;
            var error = code is null ? "null" : $$"""{ "code": "{{code}}", "message": "m" }""";
            var body = $$"""
                {
                    "displayName": "run {{n}}", "startDateTime": "{{start:O}}", "status": "{{status}}",
                    "endDateTime": "{{start.AddSeconds(seconds):O}}", "statistics": {}, "blockingError": {{error}}
                }
                """;
            await AddAsync(body, n % 5 == 0 ? other : null);
            if (n % 5 != 0)
            {
                _added.Add(new Added(start, status, seconds, code));
            }
        }
    }

    private sealed record Added(DateTimeOffset Start, string Status, int Seconds, string? Code);
}
