using IndustryData.Benchmarks.Environment;
using Npgsql;
using NpgsqlTypes;

namespace IndustryData.Benchmarks.Loading;

/// <summary>
/// The columns of the table <c>runs</c> in a database. Each column has a function that loads its value and the value
/// that pgbench inserts.
/// </summary>
internal sealed class RunColumns
{
    // A UUIDv7 except for its version digit. The functions cost almost nothing. The new id belongs at the right-hand
    // edge of the index, like the ids of the service.
    private const string NewId =
        "encode(substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) || "
        + "substring(uuid_send(gen_random_uuid()) FROM 7), 'hex')::uuid";

    private static readonly SampleRun _sample = SampleRun.Of(2, DateTimeOffset.UnixEpoch);

    private static readonly Dictionary<string, Column> _known = new()
    {
        ["tenant_id"] = new(":tenant", (w, r) => w.Write(r.Tenant, NpgsqlDbType.Uuid)),
        ["id"] = new(NewId, (w, r) => w.Write(r.Id, NpgsqlDbType.Uuid)),
        ["display_name"] = new($"'{_sample.DisplayName}'", (w, r) => w.Write(r.Run.DisplayName, NpgsqlDbType.Text)),
        ["start_date_time"] = new(
            "now() - :n * interval '1 millisecond'",
            (w, r) => w.Write(r.Run.StartDateTime.UtcDateTime, NpgsqlDbType.TimestampTz)
        ),
        ["end_date_time"] = new("now()", WriteEnd),
        ["status"] = new($"{_sample.Status.Number}", (w, r) => w.Write(r.Run.Status.Number, NpgsqlDbType.Smallint)),
        ["blocking_error"] = new("NULL", WriteBlockingError),
        ["created_date_time"] = new("now()", (w, r) => w.Write(r.Reported.UtcDateTime, NpgsqlDbType.TimestampTz)),
        ["last_modified_date_time"] = new("now()", (w, r) => w.Write(r.Reported.UtcDateTime, NpgsqlDbType.TimestampTz)),
        ["version"] = new("1", (w, _) => w.Write(1L, NpgsqlDbType.Bigint)),
        ["statistics"] = new($"'{_sample.Statistics}'", (w, r) => w.Write(r.Run.Statistics, NpgsqlDbType.Json)),
        ["inbound_errors"] = Total(r => r.Errors),
        ["inbound_groups"] = Total(r => r.Groups),
        ["inbound_memberships"] = Total(r => r.Memberships),
        ["inbound_organizations"] = Total(r => r.Organizations),
        ["inbound_people"] = Total(r => r.People),
        ["inbound_warnings"] = Total(r => r.Warnings),
    };

    // For a number that the table requires and that a reported run does not contain, such as the change number. The
    // default of the column is not used because it can be a function. The service does its work once for each commit;
    // pgbench would do it for each row.
    private static readonly Column _zero = new("0", (w, _) => w.Write(0L, NpgsqlDbType.Bigint));

    private readonly List<(string Name, Column Column)> _columns;

    private RunColumns(List<(string Name, Column Column)> columns) => _columns = columns;

    /// <summary>The column names as a list in SQL.</summary>
    public string Names => string.Join(", ", _columns.Select(c => c.Name));

    /// <summary>The INSERT statement of pgbench, with the variables <c>tenant</c> and <c>n</c>.</summary>
    public string PgbenchInsert =>
        $"INSERT INTO runs ({Names}) VALUES ({string.Join(", ", _columns.Select(c => c.Column.Sql))})";

    /// <summary>Returns the names of the required number columns that a reported run does not contain.</summary>
    public static async Task<IReadOnlyList<string>> OtherNumbersAsync(
        RunDatabase database,
        CancellationToken cancellationToken
    ) => [.. (await NeededAsync(database, cancellationToken)).Where(c => !_known.ContainsKey(c))];

    /// <summary>
    /// Reads the columns of the table. Some of the known columns can be missing in an older schema.
    /// </summary>
    /// <exception cref="BenchmarkException">The table has a required column that is not known.</exception>
    public static async Task<RunColumns> ReadAsync(RunDatabase database, CancellationToken cancellationToken)
    {
        var needed = await NeededAsync(database, cancellationToken);
        var unknown = await database.ReadAllAsync<string>(
            """
            SELECT column_name::text FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = 'runs'
                AND is_nullable = 'NO' AND is_generated = 'NEVER' AND column_default IS NULL
            """,
            cancellationToken
        );
        if (unknown.Except(needed).ToList() is { Count: > 0 } missing)
        {
            throw new BenchmarkException(
                $"The table runs requires {string.Join(", ", missing)}: add the values to {nameof(RunColumns)}."
            );
        }

        return new RunColumns([.. needed.Select(name => (name, _known.GetValueOrDefault(name) ?? _zero))]);
    }

    /// <summary>Writes a run to a binary COPY of these columns.</summary>
    public void Write(NpgsqlBinaryImporter copy, LoadedRun run)
    {
        copy.StartRow();
        foreach (var (_, column) in _columns)
        {
            column.Write(copy, run);
        }
    }

    private static async Task<IReadOnlyList<string>> NeededAsync(
        RunDatabase database,
        CancellationToken cancellationToken
    )
    {
        var known = string.Join(", ", _known.Keys.Select(c => $"'{c}'"));
        return await database.ReadAllAsync<string>(
            $"""
            SELECT column_name::text FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = 'runs'
                AND (column_name IN ({known}) OR is_nullable = 'NO' AND data_type = 'bigint')
            ORDER BY ordinal_position
            """,
            cancellationToken
        );
    }

    private static void WriteEnd(NpgsqlBinaryImporter copy, LoadedRun run)
    {
        if (run.Run.EndDateTime is { } end)
        {
            copy.Write(end.UtcDateTime, NpgsqlDbType.TimestampTz);
        }
        else
        {
            copy.WriteNull();
        }
    }

    private static void WriteBlockingError(NpgsqlBinaryImporter copy, LoadedRun run)
    {
        if (run.Run.BlockingError is { } error)
        {
            copy.Write(error, NpgsqlDbType.Json);
        }
        else
        {
            copy.WriteNull();
        }
    }

    private static Column Total(Func<SampleRun, long> total) =>
        new($"{total(_sample)}", (w, r) => w.Write(total(r.Run), NpgsqlDbType.Bigint));

    private sealed record Column(string Sql, Action<NpgsqlBinaryImporter, LoadedRun> Write);
}

/// <summary>A run to load.</summary>
internal sealed record LoadedRun(Guid Tenant, Guid Id, DateTimeOffset Reported, SampleRun Run);
