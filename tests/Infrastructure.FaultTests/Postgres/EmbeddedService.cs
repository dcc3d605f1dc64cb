using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.Infrastructure.FaultTests.Postgres;

/// <summary>The service with its embedded PostgreSQL, as it runs without a connection string.</summary>
internal sealed class EmbeddedService : IAsyncDisposable
{
    private readonly string _folder;
    private ServiceProcess _service;

    private EmbeddedService(string folder, ServiceProcess service)
    {
        _folder = folder;
        _service = service;
        var options = new EmbeddedPostgresOptions();
        var postgres = PostgresServer.GetConnectionInfo(DataDirectory.Resolve(folder, options), options);
        ConnectionString =
            $"Host={postgres.Host};Port={postgres.Port};Username={postgres.User};"
            + $"Password={postgres.Password};Database={postgres.Database}";
    }

    public Uri Root => _service.Root;

    /// <summary>How to reach the embedded PostgreSQL.</summary>
    public string ConnectionString { get; }

    private string ClusterFolder => Path.Combine(_folder, "postgres", "cluster");

    /// <summary>Starts the service on a folder, and waits until it is ready.</summary>
    public static async Task<EmbeddedService> StartAsync(string folder) =>
        new(folder, await ServiceProcess.StartAsync(("DataDirectory", folder)));

    /// <summary><c>kill -9</c> of the service alone.</summary>
    public Task KillServiceAsync() => _service.KillAsync();

    /// <summary><c>kill -9</c> of each process of PostgreSQL.</summary>
    public Task KillPostgresAsync() => PostgresProcesses.KillAsync(ClusterFolder);

    /// <summary>Starts the service again after it was killed, on another port.</summary>
    public async Task RestartAsync()
    {
        await _service.DisposeAsync();
        _service = await ServiceProcess.StartAsync(("DataDirectory", _folder));
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        await PostgresProcesses.KillAsync(ClusterFolder);
    }
}
