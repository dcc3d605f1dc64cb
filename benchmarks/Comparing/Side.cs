using IndustryData.Benchmarks.Loading;
using IndustryData.Benchmarks.Stage;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>A database with everything that is measured on it: the published service, and the baselines.</summary>
internal sealed class Side : IAsyncDisposable
{
    /// <summary>Whose runs the service stores and reads.</summary>
    public static readonly Guid Tenant = new("11111111-1111-4111-8111-111111111111");

    /// <summary>Whose runs the baselines store, so that the service's counts stay right.</summary>
    public static readonly Guid OtherTenant = new("22222222-2222-4222-8222-222222222222");

    private Side(RunDatabase database, WebProgram service, WebProgram baselines, string token, string pgbenchInsert) =>
        (Database, Service, Baselines, Token, PgbenchInsert) = (database, service, baselines, token, pgbenchInsert);

    public RunDatabase Database { get; }

    public WebProgram Service { get; }

    public WebProgram Baselines { get; }

    /// <summary>A token of <see cref="Tenant"/>.</summary>
    public string Token { get; }

    /// <summary>How pgbench inserts a run.</summary>
    public string PgbenchInsert { get; }

    /// <summary>Makes a database, fills it, and starts the programs on it.</summary>
    public static async Task<Side> StartAsync(string name, int rows, PrivatePostgres postgres, PublishedService published, CancellationToken cancellationToken)
    {
        var database = await postgres.CreateDatabaseAsync(name, cancellationToken);
        if (rows > 0)
        {
            Console.WriteLine($"Loading {rows:N0} runs …");
            var took = await RunLoader.LoadAsync(database, Tenant, rows, cancellationToken);
            Console.WriteLine($"  took {took.TotalSeconds:N0} s");
        }

        var service = await published.StartAsync(database, cancellationToken);
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__IndustryData"] = database.ConnectionString,
            ["ReadTenant"] = $"{Tenant}",
            ["WriteTenant"] = $"{OtherTenant}",
            ["OtherNumbers"] = string.Join(',', await RunColumns.OtherNumbersAsync(database, cancellationToken)),
        };
        return new Side(
            database,
            service,
            await WebProgram.StartAsync(ChildProcess.Self("baselines", environment), "/ready", cancellationToken),
            await published.TokenAsync(database, Tenant, cancellationToken),
            (await RunColumns.ReadAsync(database, cancellationToken)).PgbenchInsert);
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await Baselines.DisposeAsync();
    }
}
