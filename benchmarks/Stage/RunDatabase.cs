using Npgsql;

namespace IndustryData.Benchmarks.Stage;

/// <summary>
/// A database with the schema of a version of the service, and how many runs and idempotency keys must be in it.
/// </summary>
internal sealed class RunDatabase(string connectionString)
{
    // What versions of the service call the table of idempotency keys.
    private static readonly string[] _keyTables = ["kept_requests", "idempotency_keys"];

    private string? _keyTable;

    public string ConnectionString { get; } = connectionString;

    /// <summary>How many runs were loaded or acknowledged.</summary>
    public long Expected { get; private set; }

    /// <summary>How many idempotency keys were acknowledged.</summary>
    public long ExpectedKeys { get; private set; }

    /// <summary>Counts runs that were loaded or acknowledged.</summary>
    /// <param name="runs">How many runs.</param>
    /// <param name="keys">How many of them were sent with an idempotency key.</param>
    public void Expect(long runs, long keys = 0) => (Expected, ExpectedKeys) = (Expected + runs, ExpectedKeys + keys);

    /// <summary>Counts the runs and keys that are stored, and compares.</summary>
    /// <exception cref="BenchmarkException">They are not as many as were acknowledged.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var stored = await ReadAsync<long>("SELECT count(*) FROM runs", cancellationToken);
        if (stored != Expected)
        {
            throw new BenchmarkException($"{Expected} runs were acknowledged, and {stored} are stored.");
        }

        if (await KeyTableAsync(cancellationToken) is { } keyTable)
        {
            var keys = await ReadAsync<long>($"SELECT count(*) FROM {keyTable}", cancellationToken);
            if (keys != ExpectedKeys)
            {
                throw new BenchmarkException(
                    $"{ExpectedKeys} idempotency keys were acknowledged, and {keys} are stored."
                );
            }
        }
        else if (ExpectedKeys > 0)
        {
            throw new BenchmarkException(
                $"No table of idempotency keys is known: say in {nameof(RunDatabase)} what it is called."
            );
        }
    }

    /// <summary>Takes all runs away, what is counted of them, and all idempotency keys.</summary>
    public async Task EmptyAsync(CancellationToken cancellationToken)
    {
        var tables = await ReadAllAsync<string>(Existing(["runs", "run_counts"]), cancellationToken);
        if (await KeyTableAsync(cancellationToken) is { } keyTable)
        {
            tables = [.. tables, keyTable];
        }

        await ExecuteAsync($"TRUNCATE {string.Join(", ", tables)}", cancellationToken);
        (Expected, ExpectedKeys) = (0, 0);
    }

    /// <summary>Runs a statement, however long it takes.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Reads one value.</summary>
    public async Task<T> ReadAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Reads one column.</summary>
    public async Task<IReadOnlyList<T>> ReadAllAsync<T>(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var values = new List<T>();
        while (await rows.ReadAsync(cancellationToken))
        {
            values.Add(rows.GetFieldValue<T>(0));
        }

        return values;
    }

    /// <summary>Opens a connection.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        // Of its own, closed after use: the server starts again in between, and idle connections are not measured
        // along.
        var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    private async Task<string?> KeyTableAsync(CancellationToken cancellationToken)
    {
        if (_keyTable is null)
        {
            var known = await ReadAllAsync<string>(Existing(_keyTables), cancellationToken);
            _keyTable = known is [var table, ..] ? table : null;
        }

        return _keyTable;
    }

    private static string Existing(IEnumerable<string> tables) =>
        $"SELECT t FROM unnest(ARRAY['{string.Join("', '", tables)}']) AS t WHERE to_regclass(t) IS NOT NULL";
}
