using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Loading;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>
/// The programs that are measured on databases with the same runs: the service, the service before, and the baselines.
/// </summary>
internal sealed class Systems : IAsyncDisposable
{
    /// <summary>The tenant whose runs the service stores and reads.</summary>
    public static readonly Guid Tenant = new("11111111-1111-4111-8111-111111111111");

    /// <summary>
    /// The tenant whose runs the baselines store. It is another tenant, so that the counts of the service stay correct.
    /// </summary>
    public static readonly Guid OtherTenant = new("22222222-2222-4222-8222-222222222222");

    private Systems(DeployedService service, DeployedService? before, WebProgram baselines, string pgbenchInsert) =>
        (Service, Before, Baselines, PgbenchInsert) = (service, before, baselines, pgbenchInsert);

    public DeployedService Service { get; }

    /// <summary>The service of <c>--baseline-checkout</c> on another database, or null if there is none.</summary>
    public DeployedService? Before { get; }

    /// <summary>The database of the service. The baselines use it too.</summary>
    public RunDatabase Database => Service.Database;

    public WebProgram Baselines { get; }

    /// <summary>The statement with which pgbench inserts a run.</summary>
    public string PgbenchInsert { get; }

    /// <summary>Creates the databases, fills them, and starts the programs on them.</summary>
    /// <param name="name">The name of the service's database.</param>
    /// <param name="load">The runs to load, or null if there are none.</param>
    /// <param name="postgres">The server.</param>
    /// <param name="published">The service.</param>
    /// <param name="before">The service before, or null if there is none.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<Systems> StartAsync(
        string name,
        Load? load,
        PrivatePostgres postgres,
        PublishedService published,
        PublishedService? before,
        CancellationToken cancellationToken
    )
    {
        var service = await DeployedService.StartAsync(name, load, postgres, published, cancellationToken);
        DeployedService? serviceBefore = null;
        try
        {
            if (before is not null)
            {
                serviceBefore = await DeployedService.StartAsync(
                    $"{name}_before",
                    load,
                    postgres,
                    before,
                    cancellationToken
                );
            }

            var otherNumbers = await RunColumns.OtherNumbersAsync(service.Database, cancellationToken);
            var environment = new Dictionary<string, string>
            {
                ["ConnectionStrings__IndustryData"] = service.Database.ConnectionString,
                ["ReadTenant"] = $"{Tenant}",
                ["WriteTenant"] = $"{OtherTenant}",
                ["OtherNumbers"] = string.Join(',', otherNumbers),
            };
            return new Systems(
                service,
                serviceBefore,
                await WebProgram.StartAsync(ChildProcess.Self("baselines", environment), "/ready", cancellationToken),
                (await RunColumns.ReadAsync(service.Database, cancellationToken)).PgbenchInsert
            );
        }
        catch
        {
            await DisposeAsync(service, serviceBefore);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DisposeAsync(Service, Before);
        await Baselines.DisposeAsync();
    }

    private static async Task DisposeAsync(DeployedService service, DeployedService? before)
    {
        await service.DisposeAsync();
        if (before is not null)
        {
            await before.DisposeAsync();
        }
    }
}
