using Npgsql;

namespace IndustryData.Benchmarks.Environment;

/// <summary>
/// A database with the schema of a version of the service, and the expected numbers of runs and idempotency keys in it.
/// </summary>
internal sealed class RunDatabase(string connectionString)
{
    private string? _keyTable;

    public string ConnectionString { get; } = connectionString;

    /// <summary>The number of runs that were loaded or acknowledged.</summary>
    public long Expected { get; private set; }

    /// <summary>The number of idempotency keys that were acknowledged.</summary>
    public long ExpectedKeys { get; private set; }

    /// <summary>Adds runs that were loaded or acknowledged to the expected numbers.</summary>
    /// <param name="runs">The number of runs.</param>
    /// <param name="keys">The number of these runs that were sent with an idempotency key.</param>
    public void Expect(long runs, long keys = 0) => (Expected, ExpectedKeys) = (Expected + runs, ExpectedKeys + keys);

    /// <summary>Compares the numbers of stored runs and idempotency keys with the expected numbers.</summary>
    /// <exception cref="BenchmarkException">A number differs from the expected number.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var stored = await ReadAsync<long>("SELECT count(*) FROM runs", cancellationToken);
        if (stored != Expected)
        {
            throw new BenchmarkException($"{Expected} runs were acknowledged, but {stored} are stored.");
        }

        if (await KeyTableAsync(cancellationToken) is { } keyTable)
        {
            var keys = await ReadAsync<long>($"SELECT count(*) FROM {keyTable}", cancellationToken);
            if (keys != ExpectedKeys)
            {
                throw new BenchmarkException(
                    $"{ExpectedKeys} idempotency keys were acknowledged, but {keys} are stored."
                );
            }
        }
        else if (ExpectedKeys > 0)
        {
            throw new BenchmarkException(
                $"The database has no table of idempotency keys with a column key_hash: correct {nameof(RunDatabase)}."
            );
        }
    }

    /// <summary>Deletes all runs, their counts and all idempotency keys.</summary>
    public async Task EmptyAsync(CancellationToken cancellationToken)
    {
        var tables = await ReadAllAsync<string>(
            Existing(["runs", "run_counts", "run_hours", "run_failures"]),
            cancellationToken
        );
        if (await KeyTableAsync(cancellationToken) is { } keyTable)
        {
            tables = [.. tables, keyTable];
        }

        await ExecuteAsync($"TRUNCATE {string.Join(", ", tables)}", cancellationToken);
        (Expected, ExpectedKeys) = (0, 0);
    }

    /// <summary>Runs a statement without a timeout.</summary>
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
        // The connection is not pooled and closes after use, because the server restarts in the meantime and idle
        // connections would affect the measurement.
        var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    private async Task<string?> KeyTableAsync(CancellationToken cancellationToken)
    {
        if (_keyTable is null)
        {
            // Versions of the service name the table differently, and all but the first one name its column key_hash.
            var known = await ReadAllAsync<string>(
                """
                SELECT DISTINCT table_name::text FROM information_schema.columns
                WHERE table_schema = 'public' AND (column_name = 'key_hash' OR table_name = 'kept_requests')
                """,
                cancellationToken
            );
            _keyTable = known is [var table, ..] ? table : null;
        }

        return _keyTable;
    }

    private static string Existing(IEnumerable<string> tables) =>
        $"SELECT t FROM unnest(ARRAY['{string.Join("', '", tables)}']) AS t WHERE to_regclass(t) IS NOT NULL";
}
