using System.Collections.ObjectModel;
using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Loading;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>A version of the service that runs on its own database.</summary>
internal sealed class DeployedService : IAsyncDisposable
{
    private readonly PublishedService _published;
    private readonly List<WebProgram> _programs = [];

    private DeployedService(PublishedService published, RunDatabase database, string token) =>
        (_published, Database, Token) = (published, database, token);

    public RunDatabase Database { get; }

    /// <summary>True if it is the version of this checkout.</summary>
    public bool IsPresent => _published.IsPresent;

    /// <summary>A token for <see cref="Systems.Tenant"/>.</summary>
    public string Token { get; }

    /// <summary>The process that was started first.</summary>
    public WebProgram Program => _programs[0];

    /// <summary>Creates a database with the schema of this version, fills it, and starts a process on it.</summary>
    /// <param name="name">The name of the database.</param>
    /// <param name="load">The runs to load, or null if there are none.</param>
    /// <param name="postgres">The server.</param>
    /// <param name="published">The version of the service.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<DeployedService> StartAsync(
        string name,
        Load? load,
        PrivatePostgres postgres,
        PublishedService published,
        CancellationToken cancellationToken
    )
    {
        var database = await postgres.CreateDatabaseAsync(name, cancellationToken);
        await published.MigrateAsync(database, cancellationToken);
        if (load is not null)
        {
            Console.WriteLine($"Loading {load.Rows:N0} runs into {name} …");
            var took = await RunLoader.LoadAsync(database, Systems.Tenant, load.Rows, load.End, cancellationToken);
            Console.WriteLine($"  took {took.TotalSeconds:N0} s");
        }

        var token = await published.TokenAsync(database, Systems.Tenant, cancellationToken);
        var service = new DeployedService(published, database, token);
        await service.StartAnotherAsync(cancellationToken);
        return service;
    }

    /// <summary>Starts another process on the same database. It ends together with the others.</summary>
    public async Task<WebProgram> StartAnotherAsync(CancellationToken cancellationToken)
    {
        var program = await StartAloneAsync(ReadOnlyDictionary<string, string>.Empty, cancellationToken);
        _programs.Add(program);
        return program;
    }

    /// <summary>Starts another process on the same database. The caller ends it.</summary>
    /// <param name="settings">The settings of this process alone.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<WebProgram> StartAloneAsync(
        IReadOnlyDictionary<string, string> settings,
        CancellationToken cancellationToken
    ) => _published.StartAsync(Database, settings, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _programs)
        {
            await program.DisposeAsync();
        }
    }
}

/// <summary>Runs that are loaded before anything is measured.</summary>
/// <param name="Rows">The number of runs.</param>
/// <param name="End">The time at which the last run is reported.</param>
internal sealed record Load(int Rows, DateTimeOffset End);
