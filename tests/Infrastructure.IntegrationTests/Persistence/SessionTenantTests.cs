using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using Npgsql;

namespace IndustryData.Infrastructure.IntegrationTests.Persistence;

/// <summary>Reads of several tenants use one connection after the other.</summary>
public sealed class SessionTenantTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Named = "SELECT current_setting('industrydata.tenant', true)";

    // The division fails in the fourth row, after the first rows have been received.
    private const string Failing = "SELECT repeat('x', 10000), 1 / (4 - i) FROM generate_series(1, 9) AS i";

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(20);
    private static readonly TenantId _one = new(Guid.Parse("00000000-0000-4000-8000-00000000000a"));
    private static readonly TenantId _other = new(Guid.Parse("00000000-0000-4000-8000-00000000000b"));

    private readonly CancelRequests _cancels = new();
    private readonly NpgsqlDataSource _pool = DataSources.IndexedReads(
        $"{database.ConnectionString};Maximum Pool Size=1",
        _timeout
    );

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        _cancels.Dispose();
    }

    [Fact]
    public async Task Read_of_the_same_tenant_does_not_name_it_again()
    {
        await ReadAsync(_one, Named);
        await using (var command = _pool.CreateCommand("SET industrydata.tenant = 'changed'"))
        {
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        (await ReadAsync(_one, Named)).ShouldBe("changed");
        (await ReadAsync(_other, Named)).ShouldBe($"{_other.Value}");
    }

    [Fact]
    public async Task Reads_of_tenants_in_turn_name_each_tenant()
    {
        foreach (var tenant in (TenantId[])[_one, _other, _other, _one, _one, _other])
        {
            (await ReadAsync(tenant, Named)).ShouldBe($"{tenant.Value}");
        }
    }

    [Theory]
    [InlineData("SELECT 1 / 0")]
    [InlineData(Failing)]
    public async Task Read_after_a_failed_one_names_its_tenant(string failing)
    {
        await ReadAsync(_one, Named);
        await Should.ThrowAsync<PostgresException>(() => ReadAsync(_other, failing));

        (await ReadAsync(_other, Named)).ShouldBe($"{_other.Value}");
        (await ReadAsync(_one, Named)).ShouldBe($"{_one.Value}");
    }

    [Fact]
    public async Task Read_after_a_failed_one_of_its_tenant_still_sees_the_tenant()
    {
        await ReadAsync(_one, Named);
        await Should.ThrowAsync<PostgresException>(() => ReadAsync(_one, Failing));

        (await ReadAsync(_one, Named)).ShouldBe($"{_one.Value}");
    }

    [Fact]
    public async Task Read_after_one_that_was_given_up_names_its_tenant()
    {
        await ReadAsync(_one, Named);
        await using (var session = await OpenAsync(_other))
        {
            await session.ExecuteAsync(new NpgsqlBatchCommand("SELECT repeat('x', 100) FROM generate_series(1, 1e6)"));
            await session.ReadAsync();
        }

        (await ReadAsync(_other, Named)).ShouldBe($"{_other.Value}");
    }

    [Fact]
    public async Task Snapshot_names_its_tenant_until_it_ends()
    {
        await ReadAsync(_one, Named);
        await using (var session = await OpenAsync(_other))
        {
            session.BeginSnapshot();
            (await ReadAsync(session, Named)).ShouldBe($"{_other.Value}");
            (await ReadAsync(session, Named)).ShouldBe($"{_other.Value}");
        }

        (await ReadAsync(_one, Named)).ShouldBe($"{_one.Value}");
        (await ReadAsync(_other, Named)).ShouldBe($"{_other.Value}");
    }

    /// <summary>With multiplexing, a read may run on another connection than that whose tenant is known.</summary>
    [Fact]
    public async Task Pool_of_a_connection_string_with_multiplexing_does_not_use_it()
    {
        await using var pool = DataSources.IndexedReads($"{database.ConnectionString};Multiplexing=true", _timeout);

        new NpgsqlConnectionStringBuilder(pool.ConnectionString).Multiplexing.ShouldBeFalse();
    }

    [Fact]
    public async Task New_connection_names_its_tenant()
    {
        await ReadAsync(_one, Named);
        _pool.Clear();

        (await ReadAsync(_one, Named)).ShouldBe($"{_one.Value}");
    }

    private ValueTask<ReadSession> OpenAsync(TenantId tenant) =>
        ReadSession.OpenAsync(
            _pool,
            tenant,
            lease: null,
            _cancels,
            _timeout,
            time: null,
            CancellationToken.None,
            Cancellation
        );

    private async Task<string?> ReadAsync(TenantId tenant, string query)
    {
        await using var session = await OpenAsync(tenant);
        return await ReadAsync(session, query);
    }

    private static async Task<string?> ReadAsync(ReadSession session, string query)
    {
        string? first = null;
        await session.ExecuteAsync(new NpgsqlBatchCommand(query));
        while (await session.ReadAsync())
        {
            first ??= $"{session.Row.GetValue(0)}";
        }

        return first;
    }
}
