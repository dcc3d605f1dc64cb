using IndustryData.WebApi.Cli;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Cli;

public sealed class DemoTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly string[] _statuses =
    [
        "completed",
        "completedWithErrors",
        "completedWithWarnings",
        "failed",
        "running",
    ];

    [Fact]
    public async Task Demo_adds_runs_of_90_days_with_failures_of_the_night_and_an_overdue_run()
    {
        var tenant = Guid.NewGuid();
        // The command runs in a process of its own, by the clock of the machine.
        var begin = DateTimeOffset.UtcNow;
        var (code, output, errors) = await RunAsync("--tenant", $"{tenant}", "--url", $"{Service.Root}beta");
        code.ShouldBe(0, errors);
        output.ShouldContain($"runs of 90 days to tenant {tenant}.");
        errors.ShouldContain("1000 of ");

        using var client = Service.Authorized(Tokens.Make(tid: $"{tenant}"));
        async Task<int> CountAsync(string filter) =>
            int.Parse(
                await client.GetStringAsync(
                    $"process/runs/$count?$filter={Uri.EscapeDataString(filter)}",
                    Cancellation
                ),
                null
            );
        string At(TimeSpan age) => (begin - age).UtcDateTime.ToString("s") + "Z";

        (await CountAsync("startDateTime ge 2000-01-01T00:00:00Z")).ShouldBeInRange(4000, 8000);
        (await CountAsync($"startDateTime lt {At(TimeSpan.FromDays(SampleRuns.Days + 1))}")).ShouldBe(0);
        (await CountAsync($"startDateTime lt {At(TimeSpan.FromDays(SampleRuns.Days - 2))}")).ShouldBeGreaterThan(0);
        (await CountAsync($"startDateTime gt {At(TimeSpan.FromMinutes(-1))}")).ShouldBe(0);
        foreach (var status in _statuses)
        {
            (await CountAsync($"status eq '{status}'")).ShouldBeGreaterThan(0, status);
        }

        var ofTheNight = $"status eq 'failed' and startDateTime gt {At(TimeSpan.FromHours(28))}";
        (await CountAsync($"{ofTheNight} and blockingError/code eq 'sourceUnavailable'")).ShouldBe(2);
        (await CountAsync($"status eq 'running' and endDateTime lt {At(TimeSpan.Zero)}")).ShouldBe(1);
    }

    [Fact]
    public async Task Demo_for_a_tenant_that_has_the_sample_runs_adds_nothing()
    {
        var tenant = Guid.NewGuid();
        string[] arguments = ["--tenant", $"{tenant}", "--url", $"{Service.Root}"];
        (await RunAsync(arguments)).ExitCode.ShouldBe(0);
        using var client = Service.Authorized(Tokens.Make(tid: $"{tenant}"));
        var before = await client.GetStringAsync("process/runs/$count", Cancellation);

        var (code, output, errors) = await RunAsync(arguments);

        (code, output).ShouldBe((1, ""));
        errors.ShouldContain("runs already; name another one with --tenant.");
        (await client.GetStringAsync("process/runs/$count", Cancellation)).ShouldBe(before);
    }

    [Theory]
    [InlineData("usage: demo", "--tenant")]
    [InlineData("--tenant must be a GUID", "--tenant", "1")]
    [InlineData("--url must be the URL", "--url", "localhost:5080")]
    [InlineData("usage: demo", "100")]
    [InlineData("http://127.0.0.1:1/ cannot be used", "--url", "http://127.0.0.1:1")]
    public async Task Demo_that_cannot_run_says_why(string message, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(arguments);

        (code, output).ShouldBe((1, ""));
        errors.ShouldContain(message);
    }

    [Fact]
    public async Task Demo_with_a_key_that_the_service_does_not_trust_says_so()
    {
        var other = Convert.ToBase64String(new byte[64]);
        var (code, _, errors) = await ServiceProcess.RunAsync(
            ["demo", "--url", $"{Service.Root}"],
            ("Authentication__SigningKeys__0", other)
        );

        code.ShouldBe(1);
        errors.ShouldContain("does not accept this program's tokens");
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ServiceProcess.RunAsync(["demo", .. arguments], ("Authentication__SigningKeys__0", Tokens.Key));
}
