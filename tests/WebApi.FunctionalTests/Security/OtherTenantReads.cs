using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Security;

// Reads of a service that forgets the tenant in its statements.
public sealed partial class OtherTenantTests
{
    private const string Latest = "process/runs/delta?$deltatoken=latest";

    [Fact]
    public async Task Read_that_forgets_its_tenant_sees_no_row_of_another_tenant()
    {
        Assert.SkipWhen(Database.IsDistributed, "Distributed tables have no row-level security.");
        var reads = await ReadWithoutTenantAsync(forgesTenants: false, whenOwned: null);

        reads.Where(r => r.Differs).ShouldBeEmpty();

        // Each endpoint that returns something of a tenant had a tenant to forget.
        reads
            .Where(r => r.IsServed && !r.IsForgetful)
            .Select(r => r.Path)
            .Distinct()
            .ShouldBe(["external", "external/industryData", "process"], ignoreOrder: true);
        reads.Count(r => r.IsServed && r.IsForgetful).ShouldBeGreaterThan(40);
    }

    /// <summary>
    /// Shows that the test above fails without row-level security and the check of lookups, for each read that has a
    /// tenant.
    /// </summary>
    [Fact]
    public async Task Read_that_forgets_its_tenant_would_see_all_rows_without_a_second_check()
    {
        Assert.SkipWhen(Database.IsDistributed, "Distributed tables have no row-level security.");
        string[] tables = ["runs", "run_activities", "run_counts", "run_tombstones"];
        string Each(string change) =>
            string.Join(';', tables.Select(t => $"ALTER TABLE {t} {change} ROW LEVEL SECURITY"));
        try
        {
            var reads = await ReadWithoutTenantAsync(
                forgesTenants: true,
                whenOwned: () => TestDatabase.ExecuteAsync(Database.ConnectionString, Each("DISABLE"))
            );

            reads.Where(r => r.Differs != r.IsForgetful).ShouldBeEmpty();
        }
        finally
        {
            await TestDatabase.ExecuteAsync(Database.ConnectionString, Each("ENABLE"));
        }
    }

    /// <summary>
    /// Sends each read of the service for a tenant without runs, while no statement has a condition on the tenant. The
    /// expected response is that to an id that never existed, or that before another tenant had runs.
    /// </summary>
    private async Task<List<Read>> ReadWithoutTenantAsync(bool forgesTenants, Func<Task>? whenOwned)
    {
        await using var remover = TenantConditionRemover.Start(Database.ConnectionString, forgesTenants);
        await using var service = await RunningService.StartAsync(remover.ConnectionString);

        // Its statements have conditions on tenants as well, and belong to no request.
        await service.Services.GetServices<IHostedService>().OfType<RunHourService>().Single().StopAsync(Cancellation);
        var calls = Calls().Where(c => c.Method == "GET").ToList();
        var caller = NewTenant();
        calls.Add(new Call("GET", await DeltaLinkAsync(service, caller), null, []));
        calls.Add(new Call("GET", "process/runs?$filter=startDateTime gt 2000-01-01T00:00:00Z&$count=true", null, []));
        calls.Add(new Call("GET", "process/runs?$orderby=displayName&$search=\"rostering\"", null, []));
        var before = new List<(Answer Alone, Answer InBatch)>();
        foreach (var call in calls)
        {
            before.Add(
                (
                    await SendAsync(caller, call, UnknownRun, UnknownActivity, "W/\"1\"", service),
                    await SendInBatchAsync(caller, call, UnknownRun, UnknownActivity, "W/\"1\"", service)
                )
            );
        }

        var owned = await CreateOwnedAsync();
        using (var response = await Client.DeleteAsync(await AddAsync(Bodies.Run), Cancellation))
        {
            response.IsSuccessStatusCode.ShouldBeTrue();
        }

        // The title of each page has the number of the failures of the last hour.
        await AddAsync(
            $$"""
            { "displayName": "failed just now", "startDateTime": "{{DateTimeOffset.UtcNow.AddMinutes(-5):O}}",
              "endDateTime": "{{DateTimeOffset.UtcNow:O}}", "status": "failed", "statistics": {} }
            """
        );
        await (whenOwned?.Invoke() ?? Task.CompletedTask);
        var reads = new List<Read>();
        foreach (var (call, expected) in calls.Zip(before))
        {
            var removed = remover.Removed;
            var answer = await SendAsync(caller, call, owned.Run, owned.Activity, owned.ETag, service);
            var isForgetful = remover.Removed > removed;
            var ofOwner = await SendAsync(Tokens.Make(), call, owned.Run, owned.Activity, owned.ETag, service);
            var isServed = ofOwner.Status == 200;
            reads.Add(new Read(call.Path, answer, isServed, answer != expected.Alone, isForgetful));
            removed = remover.Removed;
            answer = await SendInBatchAsync(caller, call, owned.Run, owned.Activity, owned.ETag, service);
            isForgetful = remover.Removed > removed;
            reads.Add(new Read(call.Path, answer, isServed, answer != expected.InBatch, isForgetful));
        }

        return reads;
    }

    private async Task<string> DeltaLinkAsync(RunningService service, string caller)
    {
        using var client = service.Authorized(caller);
        var page = await client.GetJsonAsync(new Uri(Latest, UriKind.Relative));
        return Service.Root.MakeRelativeUri(new Uri(page.Text("@odata.deltaLink"))).ToString();
    }

    /// <summary>A read.</summary>
    /// <param name="Path">The path of the request.</param>
    /// <param name="Answer">The response.</param>
    /// <param name="IsServed">True if the owner of the runs gets them.</param>
    /// <param name="Differs">True if the response depends on the runs of another tenant.</param>
    /// <param name="IsForgetful">True if a condition on the tenant was removed.</param>
    private sealed record Read(string Path, Answer Answer, bool IsServed, bool Differs, bool IsForgetful);
}
