using IndustryData.Infrastructure.EmbeddedPostgres;

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

    /// <summary>The connection string of the embedded PostgreSQL.</summary>
    public string ConnectionString { get; }

    private string ClusterFolder => Path.Combine(_folder, "postgres", "cluster");

    /// <summary>Starts the service on a data directory and waits until it is ready.</summary>
    public static async Task<EmbeddedService> StartAsync(string folder) =>
        new(folder, await ServiceProcess.StartAsync(("DataDirectory", folder)));

    /// <summary>Kills only the service, like <c>kill -9</c>.</summary>
    public Task KillServiceAsync() => _service.KillAsync();

    /// <summary>Kills each process of PostgreSQL, like <c>kill -9</c>.</summary>
    public Task KillPostgresAsync() => PostgresProcesses.KillAsync(ClusterFolder);

    /// <summary>Restarts the killed service on another port.</summary>
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
