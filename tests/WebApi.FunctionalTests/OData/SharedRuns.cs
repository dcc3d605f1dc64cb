using System.Globalization;
using System.Text;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>
/// Stores the 2,000 shared runs and a few runs that are hard to find, once for all tests of a class. The runs are also
/// available in memory.
/// </summary>
public sealed class SharedRuns(TestServer server) : IAsyncLifetime
{
    private static readonly string[] _odd =
    [
        """
            {"displayName":"100% _sure_ \\ it's \"quoted\", (really) [or] not","startDateTime":"2026-01-01T00:00:00Z",
             "status":"running","statistics":{"inboundTotals":{"people":0}}}
            """,
        """
            {"displayName":"ÉLÈVES ΣΊΣΥΦΟΣ","startDateTime":"2026-01-01T00:00:00Z","endDateTime":"2026-01-01T00:00:00Z",
             "status":"failed","statistics":{"inboundTotals":{"errors":9007199254740991,"warnings":1}},
             "blockingError":{"code":"diskFull"}}
            """,
        """
            {"displayName":"élèves straße","startDateTime":"0001-01-01T00:00:00Z",
             "endDateTime":"9999-12-31T23:59:59.999999Z","status":"completedWithErrors","statistics":{},
             "blockingError":{"message":"Ähm","target":"diskFull"}}
            """,
        """
            {"displayName":"Nordkreis 🙂","startDateTime":"2026-10-13T23:12:52Z","status":"running",
             "statistics":{"inboundTotals":{"people":null}},"blockingError":{}}
            """,
        """{"displayName":"Nordkreis ｟","startDateTime":"2026-10-13T23:12:52Z","status":"running","statistics":{}}""",
    ];

    private readonly TestDatabase _database = new(server);

    /// <summary>All stored runs.</summary>
    public IReadOnlyList<StoredRun> All { get; private set; } = [];

    public RunningService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        Service = await RunningService.StartAsync(_database.ConnectionString);
        await Parallel.ForEachAsync(
            Bodies.SharedRuns().Concat(_odd),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (body, cancellation) =>
            {
                using var response = await Service.Client.PostAsync(
                    "process/runs/$ref",
                    Bodies.Json(body),
                    cancellation
                );
                response.EnsureSuccessStatusCode();
            }
        );

        // Reads the runs with SQL, so that the tests do not compare the reads of the service with each other.
        var rows = await _database.ReadAsync<string>("SELECT json_agg(r) FROM runs r");
        All = [.. JsonDocument.Parse(rows).RootElement.EnumerateArray().Select(r => new StoredRun(r))];
    }

    /// <summary>Returns the ids from all pages of a query.</summary>
    public async Task<List<string>> IdsAsync(string query)
    {
        var ids = new List<string>();
        Uri? next = new(Service.Root, $"process/runs?$select=id&$top=1000&{query}");
        while (next is not null)
        {
            var page = await Service.Client.GetJsonAsync(next);
            ids.AddRange(page.GetProperty("value").EnumerateArray().Select(r => r.Text("id")));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
        }

        return ids;
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>A stored run. Its properties are indexed by the paths that queries use.</summary>
public sealed class StoredRun
{
    /// <summary>The names of the statuses, in the order of their numbers.</summary>
    public static readonly IReadOnlyList<string> Statuses =
    [
        "running",
        "failed",
        "completed",
        "completedWithErrors",
        "completedWithWarnings",
        "unknownFutureValue",
    ];

    private readonly Dictionary<string, object?> _values;

    public StoredRun(JsonElement row)
    {
        var error = row.GetProperty("blocking_error");
        object? Text(JsonElement from, string name) =>
            from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var value)
                ? value.GetString()
                : null;
        object? Instant(string name) =>
            row.GetProperty(name) is { ValueKind: JsonValueKind.String } value
                ? value.GetDateTimeOffset().ToUniversalTime()
                : null;
        object? Count(string name) =>
            row.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetInt64() : null;
        _values = new Dictionary<string, object?>
        {
            ["id"] = row.Text("id"),
            ["displayName"] = row.Text("display_name"),
            ["startDateTime"] = Instant("start_date_time"),
            ["endDateTime"] = Instant("end_date_time"),
            ["status"] = new Status(row.GetProperty("status").GetInt32()),
            ["blockingError/code"] = Text(error, "code"),
            ["blockingError/message"] = Text(error, "message"),
            ["blockingError/target"] = Text(error, "target"),
            ["createdDateTime"] = Instant("created_date_time"),
            ["lastModifiedDateTime"] = Instant("last_modified_date_time"),
            ["statistics/inboundTotals/errors"] = Count("inbound_errors"),
            ["statistics/inboundTotals/warnings"] = Count("inbound_warnings"),
            ["statistics/inboundTotals/groups"] = Count("inbound_groups"),
            ["statistics/inboundTotals/memberships"] = Count("inbound_memberships"),
            ["statistics/inboundTotals/organizations"] = Count("inbound_organizations"),
            ["statistics/inboundTotals/people"] = Count("inbound_people"),
        };
        HasBlockingError = error.ValueKind == JsonValueKind.Object;
        Id = row.Text("id");
    }

    public string Id { get; }

    public bool HasBlockingError { get; }

    /// <summary>All paths that can be compared.</summary>
    public static IReadOnlyList<string> Paths { get; } =
    [
        "id",
        "displayName",
        "startDateTime",
        "endDateTime",
        "status",
        "blockingError/code",
        "blockingError/message",
        "blockingError/target",
        "createdDateTime",
        "lastModifiedDateTime",
        .. new[] { "errors", "warnings", "groups", "memberships", "organizations", "people" }.Select(n =>
            $"statistics/inboundTotals/{n}"
        ),
    ];

    public object? this[string path] => _values[path];

    /// <summary>
    /// Compares two values. Null is the lowest value. Texts compare by code point, and statuses compare by number.
    /// </summary>
    public static int Compare(object? a, object? b) =>
        (a, b) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            (string x, string y) => Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y)),
            (Status x, Status y) => x.Number.CompareTo(y.Number),
            (long x, decimal y) => ((decimal)x).CompareTo(y),
            _ => Comparer<object>.Default.Compare(a, b),
        };

    /// <summary>Returns the literal for a value in a filter.</summary>
    public static string Literal(object? value) =>
        value switch
        {
            null => "null",
            string text => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'",
            DateTimeOffset instant => instant.UtcDateTime.ToString(
                "yyyy-MM-ddTHH:mm:ss.ffffffZ",
                CultureInfo.InvariantCulture
            ),
            Status status => $"'{Statuses[status.Number]}'",
            _ => string.Format(CultureInfo.InvariantCulture, "{0}", value),
        };

    /// <summary>A status. Statuses compare by number.</summary>
    public sealed record Status(int Number);
}
