using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using IndustryData.Infrastructure.FaultTests.Reporting;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

public sealed class KilledProcessTests
{
    private const int Writers = 24;
    private static readonly TimeSpan _maxBack = TimeSpan.FromSeconds(15);

    /// <summary>The processes that are killed with <c>kill -9</c>.</summary>
    public enum Killed
    {
        Service,
        Postgres,
        Both,
    }

    [Theory]
    [InlineData(Killed.Service)]
    [InlineData(Killed.Postgres)]
    [InlineData(Killed.Both)]
    public async Task Kill_under_load_loses_nothing(Killed killed)
    {
        var report = new FaultReport($"kill -9 of {killed}");
        var ledger = new Ledger(Caller.TenantA);
        using var folder = new TemporaryDirectory();
        await using var service = await EmbeddedService.StartAsync(folder.Path);
        using var caller = new Caller(service.Root, Caller.TenantA);
        await using (Load.Start(ledger, caller, Writers))
        {
            var rounds = Form.Choose(2, 10);
            for (var round = 0; round < rounds; round++)
            {
                await ledger.WaitForMoreAsync(1000);
                if (killed is Killed.Service or Killed.Both)
                {
                    await service.KillServiceAsync();
                }

                if (killed is Killed.Postgres or Killed.Both)
                {
                    await service.KillPostgresAsync();
                }

                // Writes that are sent before the processes end may still succeed.
                var killedAt = Stopwatch.GetTimestamp();
                if (killed is not Killed.Postgres)
                {
                    await service.RestartAsync();
                    caller.Root = service.Root;
                }

                report.Back(await ledger.WaitForSuccessAfterAsync(killedAt, TimeSpan.FromSeconds(60)), _maxBack);
            }

            report.Note($"{rounds} rounds");
        }

        report.RequireOnlyUnavailable(ledger.Answers);
        await report.CompleteAsync(ledger, service.ConnectionString);
    }
}
