using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

/// <summary>Tests the audit log on standard output, where the other log is too.</summary>
public sealed class AuditOutputTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const int Runs = 300;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_write_is_a_line_of_standard_output()
    {
        await using var service = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("Audit__Path", ""),
            // The other log writes many lines between the events.
            ("Serilog__MinimumLevel__Default", "Verbose"),
            ("Serilog__MinimumLevel__Override__Microsoft.AspNetCore", "Verbose"),
            ("Serilog__MinimumLevel__Override__Npgsql", "Verbose")
        );
        var ids = new List<string>();
        await Parallel.ForAsync(
            0,
            Runs,
            Cancellation,
            async (_, cancellationToken) =>
            {
                using var response = await service.Client.PostAsync(
                    "beta/process/runs/$ref",
                    Bodies.Json(Bodies.Run),
                    cancellationToken
                );
                lock (ids)
                {
                    ids.Add(response.Headers.Location!.Segments[^1]);
                }
            }
        );
        (await service.StopAsync()).ShouldBe(0);

        var events = service
            .Output.Split('\n')
            .Where(line => line.Contains("IndustryData.Audit", StringComparison.Ordinal))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();
        events.Select(e => e.GetProperty("run").GetString()).ShouldBe(ids, ignoreOrder: true);
    }
}
