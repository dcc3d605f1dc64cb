using IndustryData.Infrastructure.Persistence;
using Npgsql;

namespace IndustryData.Infrastructure.IntegrationTests.Persistence;

public sealed class SessionKeyStoreTests(TestDatabase database) : IAsyncLifetime, IClassFixture<TestDatabase>
{
    private NpgsqlDataSource _connections = null!;

    public async ValueTask InitializeAsync() =>
        _connections = DataSources.HealthConnections(await database.CreateMigratedDatabaseAsync());

    public ValueTask DisposeAsync() => _connections.DisposeAsync();

    [Fact]
    public async Task Instances_that_need_their_first_key_at_the_same_time_use_one()
    {
        var stores = Enumerable
            .Range(0, 4)
            .Select(_ => new SessionKeyStore(_connections, TimeProvider.System))
            .ToList();
        stores.ForEach(s => s.Read().ShouldBeEmpty());

        await Task.WhenAll(stores.Select((s, i) => Task.Run(() => s.Add($"<key id=\"{i}\" />"))));

        var key = stores[0].Read().ShouldHaveSingleItem();
        stores.ForEach(s => s.Read().ShouldBe([key]));
    }

    [Fact]
    public void Instance_that_has_read_all_keys_adds_the_next_one()
    {
        var (first, second) = (
            new SessionKeyStore(_connections, TimeProvider.System),
            new SessionKeyStore(_connections, TimeProvider.System)
        );
        first.Read().ShouldBeEmpty();
        first.Add("<first />");

        second.Add("<unread />");
        first.Read().ShouldBe(["<first />"]);
        second.Read().ShouldBe(["<first />"]);
        second.Add("<second />");

        first.Read().ShouldBe(["<first />", "<second />"]);
    }
}
