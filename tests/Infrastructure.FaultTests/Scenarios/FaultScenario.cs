using IndustryData.Infrastructure.FaultTests.Loading;
using IndustryData.Infrastructure.FaultTests.Postgres;

namespace IndustryData.Infrastructure.FaultTests.Scenarios;

/// <summary>A scenario with its own PostgreSQL and a service process that is connected to it.</summary>
public abstract class FaultScenario : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _ends = new();

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var end in _ends)
        {
            await end.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Registers a resource that is disposed when the test ends, in reverse order.</summary>
    private protected T Keep<T>(T resource)
        where T : IAsyncDisposable
    {
        _ends.Push(resource);
        return resource;
    }

    private protected async Task<Cluster> StartClusterAsync(string settings = "") =>
        Keep(await Cluster.StartNewAsync(settings));

    private protected async Task<ServiceProcess> StartServiceAsync(
        string connectionString,
        params (string Key, string Value)[] settings
    ) => Keep(await ServiceProcess.StartAsync([("ConnectionStrings__IndustryData", connectionString), .. settings]));

    /// <summary>
    /// Adds runs until a number of them is acknowledged, so that every path of the service has run once.
    /// </summary>
    private protected static async Task WarmUpAsync(Ledger ledger, Caller caller, int runs = 200)
    {
        await using (Load.Start(ledger, caller, writers: 8, readers: 4))
        {
            await ledger.WaitForMoreAsync(runs);
        }
    }
}
