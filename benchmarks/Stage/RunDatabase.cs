using Npgsql;

namespace IndustryData.Benchmarks.Stage;

/// <summary>A database with the service's schema, and how many runs must be in it.</summary>
internal sealed class RunDatabase(string connectionString)
{
    public string ConnectionString { get; } = connectionString;

    /// <summary>How many runs were loaded or acknowledged.</summary>
    public long Expected { get; private set; }

    /// <summary>Counts runs that were loaded or acknowledged.</summary>
    public void Expect(long runs) => Expected += runs;

    /// <summary>Counts what is stored, and compares.</summary>
    /// <exception cref="BenchmarkException">It is not as many as were acknowledged.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var stored = await ReadAsync<long>("SELECT count(*) FROM runs", cancellationToken);
        if (stored != Expected)
        {
            throw new BenchmarkException($"{Expected} runs were acknowledged, and {stored} are stored.");
        }
    }

    /// <summary>Takes all runs away, and what is counted of them.</summary>
    public async Task EmptyAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync("TRUNCATE runs, run_counts", cancellationToken);
        Expected = 0;
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
        // Of its own, closed after use: the server starts again in between, and idle connections are not measured along.
        var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
        await connection.OpenAsync(cancellationToken);
        return connection;
    }
}
