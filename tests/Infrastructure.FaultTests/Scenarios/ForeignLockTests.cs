using System.Diagnostics;
using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Reporting;
using Npgsql;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

/// <summary>Tests locks of other sessions that writes of tenant A need. They must not affect tenant B.</summary>
public sealed class ForeignLockTests : FaultScenario
{
    private const string LockedKey = "key-of-tenant-a";
    private static readonly TimeSpan _maxOfB = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _maxOfA = TimeSpan.FromSeconds(3);

    [Fact]
    public Task Locked_idempotency_key_of_a_tenant_disturbs_no_other() =>
        RunAsync(
            "idempotency key of A locked",
            $$"""
            INSERT INTO idempotency_records VALUES (
                '{{Caller.TenantA}}', left(encode(sha256('idempotency {{LockedKey}}'), 'hex'), 32)::uuid,
                '', gen_random_uuid(), false, now())
            """,
            caller => caller.PostRunAsync("locked", LockedKey),
            isRefused: true
        );

    [Fact]
    public Task Locked_start_of_a_tenant_disturbs_no_other() =>
        RunAsync(
            "start lock of A held",
            $"SELECT pg_advisory_xact_lock(hashtextextended('{Caller.TenantA}', 0))",
            caller => caller.SendAsync(HttpMethod.Post, "process/runs/start", "{}"),
            isRefused: true
        );

    [Fact]
    public Task Locked_counts_of_a_tenant_disturb_no_other() =>
        RunAsync(
            "counts of A locked",
            $"UPDATE run_counts SET count = count WHERE tenant_id = '{Caller.TenantA}'",
            caller => caller.PostRunAsync("locked"),
            isRefused: false
        );

    private async Task RunAsync(
        string scenario,
        string lockSql,
        Func<Caller, Task<ResponseDescription>> write,
        bool isRefused
    )
    {
        var report = new FaultReport(scenario);
        var ledger = new Ledger(Caller.TenantB);
        var cluster = await StartClusterAsync();
        var service = await StartServiceAsync(cluster.ConnectionString);
        using var a = new Caller(service.Root, Caller.TenantA);
        using var b = new Caller(service.Root, Caller.TenantB);
        await WarmUpAsync(ledger, b);
        (await a.PostRunAsync("first")).IsSuccess.ShouldBeTrue();

        var duration = Form.Seconds(6, 30);
        await using var session = await cluster.OpenAsync();
        await using var transaction = await session.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand(lockSql, session, transaction);
        await command.ExecuteNonQueryAsync(Cancellation);
        var lockedAt = Stopwatch.GetTimestamp();
        var ofA = new List<ResponseDescription>();
        var ofB = LatencyProbe.MeasureAsync(() => PostAsync(b, ledger), duration);
        do
        {
            // The write of A may take long. The writes of B are measured meanwhile.
            var sending = write(a);
            if (await Task.WhenAny(sending, Task.Delay(duration * 2, Cancellation)) != sending)
            {
                break;
            }

            ofA.Add(await sending);
            await Task.Delay(100, Cancellation);
        } while (Stopwatch.GetElapsedTime(lockedAt) < duration && !ofB.IsCompleted);

        // The wait has a limit, because a service that lets B wait responds only after the lock is released.
        await Task.WhenAny(ofB, Task.Delay(duration + _maxOfA, Cancellation));
        await transaction.RollbackAsync(Cancellation);
        var releasedAt = Stopwatch.GetTimestamp();
        var latencies = await ofB;
        report.Note($"B: {latencies}");
        report.RequireNone(latencies.Failed, _ => true, "no write of B fails");
        report.Require(latencies.Longest <= _maxOfB, "each write of B is answered within 1 s");
        report.Note(
            $"A: {ofA.Count} answers, longest {(ofA.Count == 0 ? 0 : ofA.Max(x => x.Elapsed.TotalSeconds)):0.0} s"
        );
        report.Require(ofA.Count > 0, "a write of A is answered while the lock is held");
        report.Require(!isRefused || ofA.Any(x => x.Status == 503), "the lock keeps a write of A from being stored");
        report.RequireNone(ofA, x => x.Elapsed > _maxOfA, "a write of A is answered within 3 s");
        report.RequireOnlyUnavailable(ofA.Where(x => x.Status != 429));
        report.Back(await WaitForSuccessAsync(() => write(a), releasedAt), _maxOfA);
        await report.CompleteAsync(ledger, cluster.ConnectionString);
    }

    private static async Task<ResponseDescription> PostAsync(Caller caller, Ledger ledger)
    {
        var name = ledger.NewName();
        var answer = await caller.PostRunAsync(name, Random.Shared.Next(2) == 0 ? null : Guid.NewGuid().ToString());
        ledger.Note(name, answer);
        return answer;
    }

    private static async Task<TimeSpan?> WaitForSuccessAsync(Func<Task<ResponseDescription>> write, long since)
    {
        while (Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30))
        {
            if ((await write()).IsSuccess)
            {
                return Stopwatch.GetElapsedTime(since);
            }

            await Task.Delay(20, Cancellation);
        }

        return null;
    }
}
