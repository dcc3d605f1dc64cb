using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Runs;

public sealed class RunFamilyStatisticsTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(UseCases.Now);
    private readonly UseCases _useCases;

    public RunFamilyStatisticsTests() =>
        _useCases = new UseCases(services => services.AddSingleton<TimeProvider>(_clock));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _useCases.Dispose();

    [Fact]
    public async Task Running_run_counts_as_a_start_but_not_as_a_duration()
    {
        Returns(
            Run("Import 3", hoursAgo: 1, minutes: null),
            Run("Import 2", hoursAgo: 3, minutes: 20),
            Run("Import 1", hoursAgo: 9, minutes: 10)
        );

        var statistics = (await StatisticsAsync("Import")).ShouldNotBeNull();

        statistics.LastStart.ShouldBe(UseCases.Now.AddHours(-1));
        statistics.EndedRuns.ShouldBe(2);
        statistics.MedianDuration.ShouldBe(TimeSpan.FromMinutes(10));
        statistics.P95Duration.ShouldBe(TimeSpan.FromMinutes(20));
        statistics.MedianGap.ShouldBe(TimeSpan.FromHours(2));
        statistics.Gaps.ShouldBe(2);
    }

    [Fact]
    public async Task Single_running_run_has_no_usual_values()
    {
        Returns(Run("Import 1", hoursAgo: 1, minutes: null));

        var statistics = (await StatisticsAsync("Import")).ShouldNotBeNull();

        statistics.MedianDuration.ShouldBeNull();
        statistics.P95Duration.ShouldBeNull();
        statistics.MedianGap.ShouldBeNull();
        statistics.MedianTotals.ShouldBe(new InboundTotals());
    }

    [Fact]
    public async Task Statistics_are_kept_for_a_minute_for_each_tenant()
    {
        Returns(Run("Import 1", hoursAgo: 1, minutes: 1));
        await StatisticsAsync("Import");
        Returns();
        _clock.Advance(TimeSpan.FromSeconds(59));
        (await StatisticsAsync("Import")).ShouldNotBeNull();
        (await StatisticsAsync("Import", new TenantId(Guid.NewGuid()))).ShouldBeNull();

        _clock.Advance(TimeSpan.FromSeconds(1));

        (await StatisticsAsync("Import")).ShouldBeNull();
    }

    [Fact]
    public async Task Oldest_statistics_are_dropped_if_too_many_are_kept()
    {
        // Ten tenants with the maximum of families fill the memory.
        Returns([.. Enumerable.Range(0, 2000).Select(n => Run($"Import {n} x", hoursAgo: 1, minutes: 1))]);
        var tenants = Enumerable.Range(0, 10).Select(_ => new TenantId(Guid.NewGuid())).ToList();
        foreach (var tenant in tenants)
        {
            await StatisticsAsync("Import 0 x", tenant);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        await ReadsOfAsync(tenants[1], expected: 1);
        await ReadsOfAsync(tenants[9], expected: 1);
        await ReadsOfAsync(tenants[0], expected: 2);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public async Task At_most_100_families_are_read_at_once(int count, bool isAllowed)
    {
        Returns();

        var result = await _useCases.Sender.Send(
            new GetFamilyStatisticsQuery(UseCases.Tenant, [.. Enumerable.Range(0, count).Select(n => $"family {n}")]),
            Cancellation
        );

        (result.Error is null).ShouldBe(isAllowed);
    }

    [Fact]
    public async Task Family_is_late_after_more_than_twice_its_median_gap()
    {
        // Each family has gaps of two hours.
        Returns([.. Runs("On time", 4.0), .. Runs("Late", 4.01), .. Runs("Later", 5), .. Runs("Seldom", 9).Take(3)]);

        var late = (await _useCases.Sender.Send(new ListLateFamiliesQuery(UseCases.Tenant), Cancellation)).Value;

        late.Families.Select(f => f.Family).ShouldBe(["Late", "Later"]);
        late.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task Family_whose_runs_start_together_is_not_late()
    {
        Returns([.. Enumerable.Range(0, 5).Select(_ => Run("Together", hoursAgo: 5, minutes: 10)), .. Runs("Late", 5)]);

        var late = (await _useCases.Sender.Send(new ListLateFamiliesQuery(UseCases.Tenant), Cancellation)).Value;

        late.Families.Select(f => f.Family).ShouldBe(["Late"]);
    }

    [Theory]
    [InlineData(50, false)]
    [InlineData(51, true)]
    public async Task At_most_50_late_families_are_listed(int count, bool hasMore)
    {
        Returns([.. Enumerable.Range(0, count).SelectMany(n => Runs($"Late {n} x", 5))]);

        var late = (await _useCases.Sender.Send(new ListLateFamiliesQuery(UseCases.Tenant), Cancellation)).Value;

        late.Families.Count.ShouldBe(50);
        late.HasMore.ShouldBe(hasMore);
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(401, false)]
    [InlineData(0, false)]
    public async Task Open_runs_are_listed_for_1_to_400_days(int days, bool isAllowed)
    {
        _useCases
            .Reader.ListOpenAsync(default, default, default, default, 0, CancellationToken.None)
            .ReturnsForAnyArgs([]);

        var result = await _useCases.Sender.Send(
            new ListOpenRunsQuery(
                UseCases.Tenant,
                new StartSpan(DateTimeOffset.MinValue, DateTimeOffset.MinValue.AddDays(days))
            ),
            Cancellation
        );

        (result.Error is null).ShouldBe(isAllowed);
    }

    private static FamilyRun Run(string name, double hoursAgo, int? minutes)
    {
        var start = UseCases.Now.AddHours(-hoursAgo);
        return new FamilyRun(
            Guid.CreateVersion7(),
            name,
            start,
            minutes is { } duration ? start.AddMinutes(duration) : start.AddMinutes(7),
            minutes is null ? RunStatus.Running.Name : RunStatus.Completed.Name,
            new InboundTotals()
        );
    }

    private static IEnumerable<FamilyRun> Runs(string name, double hoursAgo) =>
        Enumerable.Range(0, 4).Select(n => Run(name, hoursAgo + 2 * n, minutes: 1));

    private void Returns(params IReadOnlyList<FamilyRun> runs) =>
        _useCases.Reader.ListNewestAsync(default, 0, CancellationToken.None).ReturnsForAnyArgs(runs);

    private async Task<RunFamilyStatistics?> StatisticsAsync(string family, TenantId? tenant = null)
    {
        var query = new GetFamilyStatisticsQuery(tenant ?? UseCases.Tenant, [family]);
        return (await _useCases.Sender.Send(query, Cancellation)).Value.ByFamily.GetValueOrDefault(family);
    }

    // Reads the statistics of a tenant and checks how often its runs have been read in total.
    private async Task ReadsOfAsync(TenantId tenant, int expected)
    {
        await StatisticsAsync("Import 0 x", tenant);
        await _useCases.Reader.Received(expected).ListNewestAsync(tenant, Arg.Any<int>(), Arg.Any<CancellationToken>());
    }
}
