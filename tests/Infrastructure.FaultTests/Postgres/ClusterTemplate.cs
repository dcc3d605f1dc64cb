namespace IndustryData.Infrastructure.FaultTests.Postgres;

/// <summary>
/// A stopped cluster with the schema of the service, which is created once. Each scenario starts from a copy, which
/// takes much less time than <c>initdb</c> and the migrations.
/// </summary>
public sealed class ClusterTemplate : IAsyncLifetime
{
    private Cluster? _cluster;

    internal static ClusterTemplate? Current { get; private set; }

    internal string Folder => _cluster!.Folder;

    public async ValueTask InitializeAsync()
    {
        _cluster = await Cluster.InitializeAsync();
        await _cluster.StartAsync();
        await _cluster.CreateDatabaseAsync();
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(
            ["migrate"],
            ("ConnectionStrings__IndustryData", _cluster.ConnectionString)
        );
        exitCode.ShouldBe(0, output + errors);
        await _cluster.StopAsync("fast");
        Current = this;
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}
