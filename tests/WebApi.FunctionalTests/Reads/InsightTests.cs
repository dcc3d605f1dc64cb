using System.Globalization;
using System.Text;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Reads;

/// <summary>
/// Compares the reads of the dashboard with computations over random runs. Another tenant has as many runs with the
/// same names at the same times.
/// </summary>
public sealed class InsightTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly TenantId _tenant = new(Tokens.Tenant);
    private static readonly DateTimeOffset _first = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly StartSpan _span = new(_first.AddDays(2).AddMinutes(-345), _first.AddDays(9));
    private static readonly string[] _names =
    [
        "Sync",
        "Sync A",
        "Sync #1",
        "Sync 2026-03-01 07:00 UTC",
        "Größe 7",
        "B",
    ];
    private static readonly string?[] _codes = [null, "timeout", "login"];

    private ISender Sender => Service.Services.GetRequiredService<ISender>();

    [Fact]
    public async Task Counts_by_time_are_those_of_the_runs_in_the_span()
    {
        var runs = await InsertRandomAsync(600);
        var bucket = TimeSpan.FromMinutes(60);

        var counts = (
            await Sender.Send(new CountRunsByTimeQuery(_tenant, RunCriteria.All, _span, bucket), Cancellation)
        )
            .Value
            .Counts;

        var expected = InSpan(runs)
            .GroupBy(r => (Start: _span.From + (long)((r.Start - _span.From) / bucket) * bucket, r.Status))
            .OrderBy(g => g.Key.Start)
            .ThenBy(g => g.Key.Status)
            .Select(g => new RunCountOfTime(g.Key.Start, RunStatus.FromNumber(g.Key.Status).Name, g.Count()))
            .ToList();
        expected.Count.ShouldBeGreaterThan(100);
        counts.ShouldBe(expected);
    }

    [Fact]
    public async Task Failures_by_code_are_those_of_the_failed_runs_in_the_span()
    {
        var runs = await InsertRandomAsync(600);

        var codes = (await Sender.Send(new CountFailuresByCodeQuery(_tenant, _span), Cancellation)).Value.Codes;

        codes
            .OrderBy(c => c.Code)
            .ShouldBe(
                InSpan(runs)
                    .Where(r => r.Status == RunStatus.Failed.Number)
                    .GroupBy(r => r.Code)
                    .OrderBy(g => g.Key)
                    .Select(g =>
                        g.MaxBy(r => r.Start)! is var last
                            ? new FailuresOfCode(g.Key, g.Count(), last.Start, last.Id)
                            : null!
                    )
            );
        codes.Count.ShouldBe(_codes.Length);
    }

    [Fact]
    public async Task Failures_by_time_are_those_of_the_failed_runs_in_the_span()
    {
        var runs = await InsertRandomAsync(600);
        var bucket = TimeSpan.FromHours(5);
        var query = new CountFailuresByTimeQuery(_tenant, RunCriteria.All, _span, bucket);

        var failures = (await Sender.Send(query, Cancellation)).Value;

        var expected = InSpan(runs)
            .Where(r => r.Status == RunStatus.Failed.Number)
            .GroupBy(r => (Start: _span.From + (long)((r.Start - _span.From) / bucket) * bucket, r.Code))
            .Select(g => new FailureCountOfTime(g.Key.Start, g.Key.Code, g.Count()))
            .ToList();
        expected.Count.ShouldBeGreaterThan(30);
        failures.Counts.ShouldBe(expected, ignoreOrder: true);
        failures.Counts.Select(c => c.Start).ShouldBeInOrder();
        failures.IsCut.ShouldBeFalse();
    }

    [Fact]
    public async Task Failures_are_counted_to_a_maximum_and_the_result_says_so()
    {
        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $$"""
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, end_date_time, status, created_date_time,
                last_modified_date_time, version, statistics, blocking_error)
            SELECT '{{_tenant.Value}}', gen_random_uuid(), 'x', first, first, 1, now(), now(), 1, '{}',
                json_build_object('code', 'code ' || n % 21)
            FROM generate_series(1, 10001) AS n, (VALUES ('{{_span.From:O}}'::timestamptz)) AS v (first)
            """
        );

        var byCode = (await Sender.Send(new CountFailuresByCodeQuery(_tenant, _span), Cancellation)).Value;
        var byTime = (
            await Sender.Send(
                new CountFailuresByTimeQuery(_tenant, RunCriteria.All, _span, TimeSpan.FromDays(1)),
                Cancellation
            )
        ).Value;

        (byCode.IsCut, byTime.IsCut).ShouldBe((true, true));
        (byCode.Codes.Count, byTime.Counts.Count).ShouldBe((20, 20));
        byCode.Codes.Sum(c => c.Count).ShouldBeInRange(9_000, 9_999);
        byTime.Counts.Sum(c => c.Count).ShouldBeInRange(9_000, 9_999);
    }

    [Fact]
    public async Task Statistics_of_families_are_those_of_their_last_50_ended_runs()
    {
        var runs = await InsertRandomAsync(600);

        var families = (
            await Sender.Send(new GetFamilyStatisticsQuery(_tenant, ["Sync", "B", "Größe", "absent"]), Cancellation)
        )
            .Value
            .ByFamily;

        families.Keys.Order(StringComparer.Ordinal).ShouldBe(["B", "Größe", "Sync"]);
        foreach (var (family, statistics) in families)
        {
            var all = runs.Where(r => RunFamily.Of(r.Name) == family).OrderByDescending(r => r.Start).ToList();
            var ended = all.Where(r => r.Status != 0).Take(50).ToList();
            var durations = ended.Select(r => r.End!.Value - r.Start).Order().ToList();
            ended.Count.ShouldBe(50);
            statistics.ShouldBe(
                new RunFamilyStatistics(
                    family,
                    all[0].Start,
                    all[0].Id,
                    50,
                    durations[24],
                    durations[47],
                    Enumerable.Range(0, 50).Select(i => all[i].Start - all[i + 1].Start).Order().ElementAt(24),
                    50,
                    new InboundTotals { People = ended.Select(r => (long)r.People).Order().ElementAt(24) }
                )
            );
        }
    }

    [Fact]
    public async Task Open_runs_are_those_that_started_before_the_end_and_ended_after_the_beginning()
    {
        var runs = await InsertRandomAsync(600);
        var span = new StartSpan(_first.AddDays(8), _first.AddDays(8).AddHours(6));

        var open = (await Sender.Send(new ListOpenRunsQuery(_tenant, span), Cancellation)).Value;

        var expected = runs.Where(r =>
                r.Start >= span.From.AddDays(-7)
                && r.Start < span.To
                && (r.Start >= span.From || r.Status == 0 || r.End > span.From)
            )
            .OrderByDescending(r => r.Start)
            .ToList();
        open.HasMore.ShouldBeFalse();
        open.Runs.Select(r => r.Id).ShouldBe(expected.Select(r => r.Id));
        expected.ShouldContain(r => r.Start < span.From && r.Status == 0 && r.End < span.From);
        expected.ShouldContain(r => r.Start < span.From && r.Status != 0);
        runs.ShouldContain(r => r.Start < span.From.AddDays(-7) && r.Status == 0);
    }

    [Fact]
    public async Task Open_runs_are_at_most_1500()
    {
        await InsertRandomAsync(1501);
        var open = await Sender.Send(new ListOpenRunsQuery(_tenant, new(_first, _first.AddDays(20))), Cancellation);
        open.Value.Runs.Count.ShouldBe(1500);
        open.Value.HasMore.ShouldBeTrue();

        await TestDatabase.ExecuteAsync(
            Database.ConnectionString,
            $"DELETE FROM runs WHERE id = '{open.Value.Runs[0].Id}'"
        );
        open = await Sender.Send(new ListOpenRunsQuery(_tenant, new(_first, _first.AddDays(20))), Cancellation);

        open.Value.Runs.Count.ShouldBe(1500);
        open.Value.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task Neighbors_of_a_run_are_of_its_family_and_its_tenant()
    {
        var runs = await InsertRandomAsync(600);
        var family = runs.Where(r => RunFamily.Of(r.Name) == "Sync").OrderByDescending(r => r.Start).ToList();
        foreach (var i in (int[])[0, 40, family.Count - 1])
        {
            var query = new GetRunNeighborsQuery(_tenant, RunId.FromGuid(family[i].Id));

            var neighbors = (await Sender.Send(query, Cancellation)).Value;

            neighbors.Family.ShouldBe("Sync");
            neighbors.Previous?.Id.ShouldBe(family[Math.Min(i + 1, family.Count - 1)].Id);
            (neighbors.Previous is null).ShouldBe(i == family.Count - 1);
            neighbors.Next?.Id.ShouldBe(family[Math.Max(i - 1, 0)].Id);
            (neighbors.Next is null).ShouldBe(i == 0);
            neighbors.Last.Select(r => r.Id).ShouldBe(family.Skip(i).Take(20).Select(r => r.Id));
        }
    }

    [Fact]
    public async Task Neighbors_of_a_run_of_another_tenant_are_not_found()
    {
        var runs = await InsertRandomAsync(10);
        var query = new GetRunNeighborsQuery(new TenantId(Tokens.OtherTenant), RunId.FromGuid(runs[0].Id));

        (await Sender.Send(query, Cancellation)).Error.ShouldBe(RunErrors.NotFound);
    }

    private static IEnumerable<Row> InSpan(IEnumerable<Row> runs) =>
        runs.Where(r => r.Start >= _span.From && r.Start < _span.To);

    private async Task<List<Row>> InsertRandomAsync(int count)
    {
        var random = new Random(count);
        var runs = Enumerable
            .Range(0, count)
            .Select(n =>
            {
                // Every start time is different, so that the order does not depend on the ids.
                var start = _first.AddMinutes(random.Next(14_400)).AddMilliseconds(n);
                var status = (short)random.Next(5);
                DateTimeOffset? end =
                    status == 0 && random.Next(2) == 0 ? null : start.AddSeconds(random.Next(200_000));
                return new Row(
                    Guid.CreateVersion7(),
                    random.GetItems(_names, 1)[0],
                    start,
                    end,
                    status,
                    random.GetItems(_codes, 1)[0],
                    random.Next(1000)
                );
            })
            .ToList();
        var sql = new StringBuilder(
            """
            INSERT INTO runs (tenant_id, id, display_name, start_date_time, end_date_time, status, blocking_error,
                inbound_people, created_date_time, last_modified_date_time, version, statistics)
            SELECT tenant, CASE tenant WHEN own THEN id ELSE gen_random_uuid() END, name, start, "end", status,
                CASE WHEN code IS NOT NULL THEN json_build_object('code', code) END, people, start, start, 1, '{}'
            FROM (VALUES 
            """
        );
        sql.AppendJoin(
            ", ",
            runs.Select(r =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"('{r.Id}'::uuid, '{r.Name}', '{r.Start:o}'::timestamptz, "
                        + $"{(r.End is { } end ? $"'{end:o}'" : "NULL")}"
                        + $"::timestamptz, {r.Status}, {(r.Code is { } code ? $"'{code}'" : "NULL")}, {r.People})"
                )
            )
        );
        sql.Append(
            CultureInfo.InvariantCulture,
            $"""
            ) AS run (id, name, start, "end", status, code, people),
                (VALUES ('{Tokens.Tenant}'::uuid), ('{Tokens.OtherTenant}'::uuid)) AS t (tenant),
                (VALUES ('{Tokens.Tenant}'::uuid)) AS o (own)
            """
        );
        await TestDatabase.ExecuteAsync(Database.ConnectionString, sql.ToString());
        return runs;
    }

    private sealed record Row(
        Guid Id,
        string Name,
        DateTimeOffset Start,
        DateTimeOffset? End,
        short Status,
        string? Code,
        int People
    );
}
