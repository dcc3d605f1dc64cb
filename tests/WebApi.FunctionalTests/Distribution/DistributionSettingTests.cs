using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Distribution;

/// <summary>Tests what does not fit a database whose tables are distributed, or are not.</summary>
public sealed class DistributionSettingTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Migrate_with_distribute_on_a_server_without_citus_says_what_is_missing()
    {
        Assert.SkipWhen(database.IsDistributed, "The server has Citus.");

        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            ["migrate", "--distribute"],
            ("ConnectionStrings__IndustryData", database.ConnectionString)
        );

        exitCode.ShouldBe(1);
        errors.TrimEnd().Split('\n').Last().ShouldStartWith("industrydata: The database does not have the extension");
    }

    [Fact]
    public async Task Migrate_with_distribute_can_be_repeated()
    {
        Assert.SkipUnless(database.IsDistributed, "INDUSTRYDATA_TEST_POSTGRES does not name a Citus cluster.");

        var (exitCode, output, errors) = await ServiceProcess.RunAsync(
            ["migrate", "--distribute"],
            ("ConnectionStrings__IndustryData", database.ConnectionString)
        );

        exitCode.ShouldBe(0, errors);
        output.ShouldContain("The tables are distributed.");
    }

    [Fact]
    public async Task Service_whose_setting_does_not_fit_the_tables_takes_no_requests()
    {
        await using var service = await RunningService.StartAsync(
            database.ConnectionString,
            ("Database:Distributed", database.IsDistributed ? "false" : "true")
        );

        using var ready = await service.Client.GetAsync("health/ready", TestContext.Current.CancellationToken);
        using var runs = await service.Client.GetAsync("process/runs", TestContext.Current.CancellationToken);

        ready.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("schemaOutdated");
        runs.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData("Database__ReadFromReplicas", "true", "Database:ReadFromReplicas and Database:Distributed exclude")]
    [InlineData("Retention__ArchiveFolder", "/tmp", "Retention:ArchiveFolder and Database:Distributed exclude")]
    public async Task Setting_that_needs_one_server_is_refused(string key, string value, string message)
    {
        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            [],
            ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
            ("ConnectionStrings__IndustryData", "Host=127.0.0.1:1,127.0.0.1:2;Database=x;Username=x"),
            ("Authentication__SigningKeys__0", Tokens.Key),
            ("Database__Distributed", "true"),
            (key, value)
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain(message);
        errors.TrimEnd().ShouldNotContain('\n');
    }

    [Theory]
    [InlineData("Database__ReadFromReplicas", "127.0.0.1:1", "Database:ReadFromReplicas needs a connection string")]
    [InlineData("Database__LoadBalanceReads", "127.0.0.1:1,127.0.0.1:2", "Database:LoadBalanceReads needs Database")]
    public async Task Setting_of_reads_without_what_it_needs_is_refused(string key, string hosts, string message)
    {
        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            [],
            ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
            ("ConnectionStrings__IndustryData", $"Host={hosts};Database=x;Username=x"),
            ("Authentication__SigningKeys__0", Tokens.Key),
            (key, "true")
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain(message);
        errors.TrimEnd().ShouldNotContain('\n');
    }

    [Theory]
    [InlineData("import", "--database", "-")]
    [InlineData("archive", "--before", "2026-01-01", "--to", "/tmp")]
    public async Task Command_that_needs_one_server_is_refused(params string[] arguments)
    {
        Assert.SkipUnless(database.IsDistributed, "INDUSTRYDATA_TEST_POSTGRES does not name a Citus cluster.");

        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            arguments,
            ("ConnectionStrings__IndustryData", database.ConnectionString)
        );

        exitCode.ShouldBe(1);
        errors.TrimEnd().ShouldStartWith("industrydata: The tables of ConnectionStrings:IndustryData are distributed;");
    }
}
