using System.Net;
using System.Runtime.Versioning;
using IndustryData.WebApi.FunctionalTests.Hosting;
using static IndustryData.WebApi.FunctionalTests.Cli.EmbeddedLedger;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>A ledger that has rows in each table, and the links that its service gave.</summary>
/// <param name="Rows">Every row but the epochs.</param>
/// <param name="Epochs">The epochs.</param>
/// <param name="Next">The link of the second page of the runs.</param>
/// <param name="Delta">A delta link.</param>
/// <param name="First">A run that was added with an idempotency key.</param>
[SupportedOSPlatform("linux")]
internal sealed record FilledLedger(string[] Rows, Guid[] Epochs, Uri Next, Uri Delta, Uri First)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Fills an empty ledger.</summary>
    public static async Task<FilledLedger> FillAsync(EmbeddedLedger ledger, ServiceProcess service)
    {
        var first = await AddAsync(service, "first", ("Idempotency-Key", "job 1"));
        await AddActivityAsync(service, first);
        var deleted = await AddAsync(service, "deleted", ("Idempotency-Key", "job 2"));
        await AddAsync(service, "second");
        await AddAsync(service, "third");
        using (var start = await service.Client.PostAsync($"{RunsPath}/start", Bodies.Json("{}"), Cancellation))
        {
            start.IsSuccessStatusCode.ShouldBeTrue();
        }

        using (var delete = await service.Client.DeleteAsync(deleted, Cancellation))
        {
            delete.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        var next = new Uri((await GetAsync(service, $"{RunsPath}?$top=2")).Text("@odata.nextLink"));
        var delta = await DeltaLinkAsync(service);
        var rows = await ledger.RowsAsync();
        rows.Count(row => row.StartsWith("run_tombstones ", StringComparison.Ordinal)).ShouldBe(1);
        rows.Count(row => row.StartsWith("idempotency_records ", StringComparison.Ordinal)).ShouldBe(2);
        rows.Count(row => row.StartsWith("page_token_signing_keys ", StringComparison.Ordinal)).ShouldBe(1);
        return new FilledLedger(rows, await ledger.EpochsAsync(), next, delta, first);
    }

    /// <summary>
    /// Checks that a service serves a copy of the ledger, which a dump made, and continues it.
    /// </summary>
    public async Task ShouldBeContinuedByAsync(EmbeddedLedger copy, ServiceProcess service)
    {
        (await copy.RowsAsync()).ShouldBe(Rows);
        var epochs = await copy.EpochsAsync();
        epochs.ShouldBe([.. Epochs, .. epochs.Except(Epochs)]);
        epochs.Length.ShouldBeGreaterThan(Epochs.Length);
        using (var stale = await service.Client.GetAsync(On(service, Delta), Cancellation))
        {
            stale.StatusCode.ShouldBe(HttpStatusCode.Gone);
            (await stale.JsonAsync()).Cause().ShouldBe("resyncRequired");
        }

        // The page token was sealed by the service that filled the ledger.
        var page = await GetAsync(service, On(service, Next).PathAndQuery);
        page.GetProperty("value").GetArrayLength().ShouldBe(2);
        (await AddAsync(service, "first", ("Idempotency-Key", "job 1"))).Segments[^1].ShouldBe(First.Segments[^1]);
        (await CountAsync(service)).ShouldBe(4);

        // A run that is added to the copy is reported to a client that has synchronized again.
        var link = await DeltaLinkAsync(service);
        var added = await AddAsync(service, "after");
        Ids(await GetAsync(service, link.PathAndQuery)).ShouldBe([added.Segments[^1]]);
    }
}
