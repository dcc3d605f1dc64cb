using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;
using IndustryData.Infrastructure.FaultTests.Reporting;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

public sealed class FullDiskTests
{
    private const int StatisticsBytes = 60_000;
    private static readonly TimeSpan _maxBack = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Full_disk_gives_503_until_there_is_room()
    {
        var report = new FaultReport("disk full");
        var ledger = new Ledger(Caller.TenantA);
        using var disk = MemoryDisk.Mount(megabytes: 200);
        await using var service = await EmbeddedService.StartAsync(Path.Combine(disk.FolderPath, "data"));
        using var caller = new Caller(service.Root, Caller.TenantA);
        await using (Load.Start(ledger, caller, writers: 16, readers: 2, StatisticsBytes))
        {
            await Poll.UntilAsync(
                () => ledger.Answers.Any(a => !a.IsSuccess),
                TimeSpan.FromSeconds(120),
                "the disk did not become full"
            );
            // The disk stays full for this time.
            await Task.Delay(Form.Seconds(3, 15), TestContext.Current.CancellationToken);
            var room = Stopwatch.GetTimestamp();
            disk.Resize(megabytes: 2048);

            // The interval between the attempts of the service to start PostgreSQL grows while they fail.
            report.Back(
                await ledger.WaitForSuccessAfterAsync(room, TimeSpan.FromSeconds(60)),
                Form.Choose(_maxBack, _maxBack * 3)
            );
        }

        var refused = ledger
            .Answers.Where(a => !a.IsSuccess)
            .GroupBy(a => a.Code)
            .Select(g => $"{g.Count()} × {g.Key}");
        report.Note(string.Join(", ", refused));
        report.RequireAnswered(ledger.Answers);
        await report.CompleteAsync(ledger, service.ConnectionString);
    }
}
