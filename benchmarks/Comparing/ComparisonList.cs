using IndustryData.Benchmarks.Environment;
using IndustryData.Benchmarks.Live;
using IndustryData.Benchmarks.LoadGeneration;
using IndustryData.Benchmarks.Pages;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>
/// The list of all comparisons, with their contenders and the goals of the service.
/// </summary>
/// <param name="postgres">The server.</param>
/// <param name="connections">The number of connections that write. Half of this number read.</param>
internal sealed class ComparisonList(PrivatePostgres postgres, int connections)
{
    public const string Service = "service";

    /// <summary>The name of the service from <c>--baseline-checkout</c>.</summary>
    public const string ServiceBefore = "service before";

    /// <summary>The comparisons that need no stored runs.</summary>
    public static IReadOnlyList<string> OnEmpty { get; } = ["write", "write-one", "batch", LiveComparisons.Name];

    /// <summary>The comparisons that need many stored runs.</summary>
    public static IReadOnlyList<string> OnFull { get; } =
    ["list", "get", "page", "count", PageComparisons.Name, "write-full"];

    /// <summary>The comparisons that are not made by default.</summary>
    public static IReadOnlyList<string> Unusual { get; } = ["write-keyed", "two-services"];

    /// <summary>The names that are valid for <c>--only</c>.</summary>
    public static IEnumerable<string> Names => [.. OnEmpty, .. OnFull, .. Unusual];

    private const string Pgbench = "pgbench";
    private const string SaveChanges = "EF Core SaveChanges";
    private const string TunedSaveChanges = "EF Core SaveChanges, tuned";
    private const string Parsed = "Kestrel, parsed only";
    private const string Ceiling = "Kestrel, empty 204";
    private const string OData = "AspNetCore.OData";
    private const string TunedOData = "AspNetCore.OData, tuned";
    private const string Runs = "/beta/process/runs";

    private const string Listed =
        "id, display_name, start_date_time, end_date_time, status, blocking_error, created_date_time, "
        + "last_modified_date_time, version";

    private int Readers => connections / 2;

    public Comparison Write(Systems systems) =>
        new(
            "write",
            $"A run is added, durably: POST …/runs/$ref, {connections} connections",
            [
                .. ServiceWrites("", systems, connections),
                PgbenchWrites(systems, connections),
                new HttpContender(SaveChanges, [systems.Baselines], postgres, Posts("/plain/runs", null, connections))
                {
                    Writes = new WrittenDatabase(systems.Database, true),
                },
                new HttpContender(
                    TunedSaveChanges,
                    [systems.Baselines],
                    postgres,
                    Posts("/tuned/runs", null, connections)
                )
                {
                    Writes = new WrittenDatabase(systems.Database, true),
                },
                new HttpContender(Parsed, [systems.Baselines], postgres, Posts("/parsed", null, connections)),
                new HttpContender(Ceiling, [systems.Baselines], postgres, Posts("/ceiling", null, connections)),
            ],
            [
                .. AgainstBefore(systems, ""),
                Goal.Ratio("service ÷ pgbench's one-row INSERT", Service, Pgbench, atLeast: 1.5),
                Goal.Ratio("service ÷ EF Core SaveChanges", Service, SaveChanges, atLeast: 8),
                Goal.Ratio("service ÷ EF Core SaveChanges, tuned", Service, TunedSaveChanges),
                new Goal("service, p99", "ms", o => o.Of(Service).Select(m => m.P99), AtMost: 15),
                Goal.Ratio("upper bound: Kestrel parsing and storing nothing ÷ service", Parsed, Service),
                Goal.Ratio("the load generator's ceiling ÷ service", Ceiling, Service),
            ]
        );

    public Comparison WriteOne(Systems systems) =>
        new(
            "write-one",
            "A run is added, durably: 1 connection",
            [.. ServiceWrites("", systems, 1), PgbenchWrites(systems, 1)],
            [
                .. AgainstBefore(systems, ""),
                new Goal(
                    "service, p50, minus pgbench's",
                    "ms",
                    o => o.Each(Service, Pgbench, (a, b) => a.P50 - b.P50),
                    AtMost: 0.3
                ),
            ]
        );

    public Comparison WriteKeyed(Systems systems)
    {
        const string keyed = ", keyed";
        const string plain = ", plain";
        return new(
            "write-keyed",
            $"A run is added, durably, each request with an Idempotency-Key of its own, {connections} connections",
            [
                .. Versions(
                    systems,
                    keyed,
                    (name, service) => Drive(name, service, PostsKeyed(service), Checked(service))
                ),
                Drive(Service + plain, systems.Service, Posts(systems.Service, connections), Checked(systems.Service)),
            ],
            [
                .. AgainstBefore(systems, keyed),
                Goal.Ratio("service, keyed ÷ service, plain", Service + keyed, Service + plain, atLeast: 0.85),
            ]
        );
    }

    public async Task<Comparison> TwoServicesAsync(Systems systems, CancellationToken cancellationToken)
    {
        var (one, two) = ($"{Service}, 1 process", $"{Service}, 2 processes");
        var other = await systems.Service.StartAnotherAsync(cancellationToken);
        var plan = Posts(systems.Service, connections);
        return new(
            "two-services",
            $"A run is added, durably: {connections} connections to one process, or {connections / 2} to each of two",
            [
                new HttpContender(two, [systems.Service.Program, other], postgres, plan)
                {
                    Writes = Checked(systems.Service),
                },
                Drive(one, systems.Service, plan, Checked(systems.Service)),
            ],
            [
                Goal.Ratio("2 processes ÷ 1 process, per second", two, one),
                new Goal("2 processes, p99", "ms", o => o.Of(two).Select(m => m.P99)),
            ]
        );
    }

    public Comparison Batch(Systems systems)
    {
        const string batch = ", $batch";
        const string single = $"{Service}, single";
        return new(
            "batch",
            $"Runs are added 20 at a time: POST /$batch, runs per second, {connections} connections",
            [
                .. Versions(
                    systems,
                    batch,
                    (name, service) =>
                        new HttpContender(name, [service.Program], postgres, Batches(service))
                        {
                            Writes = new WrittenDatabase(service.Database, true),
                            PerAnswer = HttpRequests.BatchSize,
                            IsService = service.IsPresent,
                        }
                ),
                Drive(
                    single,
                    systems.Service,
                    Posts(systems.Service, connections),
                    new WrittenDatabase(systems.Database, true)
                ),
            ],
            [
                .. AgainstBefore(systems, batch),
                Goal.Ratio("runs per second, $batch ÷ single", Service + batch, single, atLeast: 1.5),
            ]
        );
    }

    public Comparison List(Systems systems)
    {
        var since = DateTimeOffset.UtcNow.AddMonths(-6).ToString("yyyy-MM-ddT00:00:00Z", null);
        string Query(string status, string then = "") =>
            $"?$filter=status%20eq%20%27{status}%27%20and%20startDateTime%20ge%20{since}"
            + $"&$orderby=startDateTime%20desc{then}&$top=100";
        return new(
            "list",
            $"100 runs of a status since a time, newest first, {Readers} connections",
            [
                .. ServiceReads("", systems, [Runs + Query("completedWithWarnings")], "\"displayName\":", 100),
                new PgbenchContender(
                    Pgbench,
                    postgres,
                    systems.Database,
                    Readers,
                    [
                        $"SELECT {Listed} FROM runs WHERE tenant_id = :tenant AND status = 4 "
                            + "AND start_date_time >= :since ORDER BY start_date_time DESC, id DESC LIMIT 101",
                    ],
                    new Dictionary<string, string> { ["tenant"] = $"{Systems.Tenant}", ["since"] = since }
                ),
                Reads(
                    OData,
                    systems.Baselines,
                    [HttpRequests.Get("/odata/ListedRuns" + Query("CompletedWithWarnings"), null)],
                    "\"displayName\":",
                    100
                ),
                Reads(
                    TunedOData,
                    systems.Baselines,
                    [HttpRequests.Get("/odata/tunedListedRuns" + Query("CompletedWithWarnings", ",id%20desc"), null)],
                    "\"displayName\":",
                    100
                ),
            ],
            [
                .. AgainstBefore(systems, ""),
                Goal.Ratio("service ÷ pgbench's same SELECT", Service, Pgbench, atLeast: 0.35),
                Goal.Ratio("service ÷ AspNetCore.OData", Service, OData, atLeast: 10),
                Goal.Ratio("service ÷ AspNetCore.OData, tuned", Service, TunedOData),
            ]
        );
    }

    public async Task<Comparison> GetAsync(Systems systems, CancellationToken cancellationToken)
    {
        // 100 ids, spread over the months. pgbench accepts slightly more scripts.
        var ids = await systems.Database.ReadAllAsync<Guid>(
            "SELECT DISTINCT ON (tile) id FROM (SELECT id, ntile(100) OVER (ORDER BY id) AS tile FROM runs "
                + $"WHERE tenant_id = '{Systems.Tenant}') AS r ORDER BY tile, id",
            cancellationToken
        );
        var variables = ids.Select((id, i) => KeyValuePair.Create($"id{i}", $"{id}"))
            .Append(KeyValuePair.Create("tenant", $"{Systems.Tenant}"))
            .ToDictionary();
        return new(
            "get",
            $"One run by its id, {Readers} connections",
            [
                .. ServiceReads("", systems, [.. ids.Select(id => $"{Runs}/{id}")], "\"statistics\":", 1),
                new PgbenchContender(
                    Pgbench,
                    postgres,
                    systems.Database,
                    Readers,
                    [
                        .. ids.Select(
                            (_, i) => $"SELECT {Listed}, statistics FROM runs WHERE tenant_id = :tenant AND id = :id{i}"
                        ),
                    ],
                    variables
                ),
                Reads(
                    OData,
                    systems.Baselines,
                    [.. ids.Select(id => HttpRequests.Get($"/odata/Runs({id})", null))],
                    "\"statistics\":",
                    1
                ),
                Reads(
                    TunedOData,
                    systems.Baselines,
                    [.. ids.Select(id => HttpRequests.Get($"/odata/tunedRuns({id})", null))],
                    "\"statistics\":",
                    1
                ),
            ],
            [
                .. AgainstBefore(systems, ""),
                Goal.Ratio("service ÷ pgbench's same SELECT", Service, Pgbench, atLeast: 0.22),
                Goal.Ratio("service ÷ AspNetCore.OData", Service, OData, atLeast: 3.5),
                Goal.Ratio("service ÷ AspNetCore.OData, tuned", Service, TunedOData),
            ]
        );
    }

    public async Task<Comparison> PageAsync(Systems systems, int rows, CancellationToken cancellationToken)
    {
        var (depth, deep) = await DeepPage.FindAsync(systems.Service, Runs, rows, cancellationToken);
        var (first, last) = ($"{Service}, first page", $"{Service}, page {depth:N0}");
        return new(
            "page",
            $"A page of 100 in the default order, {Readers} connections",
            [
                .. ServiceReads(", first page", systems, [Runs], "\"displayName\":", 100),
                Drive(last, systems.Service, Gets(systems.Service, [deep], "\"displayName\":", 100)),
            ],
            [
                .. AgainstBefore(systems, ", first page"),
                new Goal(
                    $"p50 of page {depth:N0} ÷ p50 of the first",
                    "×",
                    o => o.Each(last, first, (a, b) => a.P50 / b.P50),
                    AtMost: 1.2
                ),
            ]
        );
    }

    public Comparison Count(Systems systems)
    {
        var (all, failed) = ($"{Service}, all", $"{Service}, by status");
        IEnumerable<Contender> Counts(string what, string query, string condition) =>
            Versions(
                systems,
                what,
                (name, service) =>
                    Drive(
                        name,
                        service,
                        async () =>
                        {
                            var sql = $"SELECT count(*) FROM runs WHERE tenant_id = '{Systems.Tenant}'{condition}";
                            var count = await service.Database.ReadAsync<long>(sql, CancellationToken.None);
                            return await Gets(service, [$"{Runs}/$count{query}"], $"{count}", 1)();
                        }
                    )
            );
        return new(
            "count",
            $"The exact $count, {Readers} connections",
            [
                .. Counts(", all", "", ""),
                .. Counts(", by status", "?$filter=status%20eq%20%27failed%27", " AND status = 1"),
            ],
            [
                .. AgainstBefore(systems, ", all"),
                .. AgainstBefore(systems, ", by status"),
                new Goal("$count of all, p50", "ms", o => o.Of(all).Select(m => m.P50), AtMost: 5),
                new Goal("$count of a status, p50", "ms", o => o.Of(failed).Select(m => m.P50), AtMost: 5),
            ]
        );
    }

    public Comparison WriteFull(Systems empty, Systems full, int rows)
    {
        var stored = $", {rows:N0} stored";
        var (onFull, onEmpty) = (Service + stored, $"{Service}, empty table");
        return new(
            "write-full",
            $"A run is added, durably, to many, {connections} connections",
            [
                .. ServiceWrites(stored, full, connections, emptyFirst: false),
                Drive(
                    onEmpty,
                    empty.Service,
                    Posts(empty.Service, connections),
                    new WrittenDatabase(empty.Database, true)
                ),
            ],
            [
                .. AgainstBefore(full, stored),
                Goal.Ratio($"with {rows:N0} runs stored ÷ with none", onFull, onEmpty, atLeast: 0.85),
            ]
        );
    }

    /// <summary>Creates a contender for the service and, if it exists, one for the service before.</summary>
    /// <param name="systems">The systems on which they run.</param>
    /// <param name="what">The suffix of their names.</param>
    /// <param name="contender">Creates a contender from its name and the service.</param>
    private static IEnumerable<Contender> Versions(
        Systems systems,
        string what,
        Func<string, DeployedService, Contender> contender
    ) =>
        systems.Before is { } before
            ? [contender(Service + what, systems.Service), contender(ServiceBefore + what, before)]
            : [contender(Service + what, systems.Service)];

    /// <summary>
    /// Returns the figure that compares these contenders, or nothing if there is no service before.
    /// </summary>
    private static IEnumerable<Goal> AgainstBefore(Systems systems, string what) =>
        systems.Before is null ? [] : [Goal.AgainstBefore(Service + what, ServiceBefore + what)];

    private IEnumerable<Contender> ServiceWrites(string what, Systems systems, int writers, bool emptyFirst = true) =>
        Versions(
            systems,
            what,
            (name, service) =>
                Drive(name, service, Posts(service, writers), new WrittenDatabase(service.Database, emptyFirst))
        );

    private IEnumerable<Contender> ServiceReads(
        string what,
        Systems systems,
        IReadOnlyList<string> paths,
        string text,
        int times
    ) => Versions(systems, what, (name, service) => Drive(name, service, Gets(service, paths, text, times)));

    private HttpContender Drive(
        string name,
        DeployedService service,
        Func<Task<GeneratorPlan>> plan,
        WrittenDatabase? writes = null
    ) => new(name, [service.Program], postgres, plan) { Writes = writes, IsService = service.IsPresent };

    private PgbenchContender PgbenchWrites(Systems systems, int writers) =>
        new(
            Pgbench,
            postgres,
            systems.Database,
            writers,
            [$"\\set n random(60000, 7200000)\n{systems.PgbenchInsert}"],
            new Dictionary<string, string> { ["tenant"] = $"{Systems.OtherTenant}" }
        )
        {
            Writes = new WrittenDatabase(systems.Database, true),
        };

    private HttpContender Reads(
        string name,
        WebProgram program,
        IReadOnlyList<byte[]> requests,
        string text,
        int times
    ) => new(name, [program], postgres, Plan(Readers, 200, requests, text, times));

    private Func<Task<GeneratorPlan>> Gets(
        DeployedService service,
        IReadOnlyList<string> paths,
        string text,
        int times
    ) => Plan(Readers, 200, [.. paths.Select(path => HttpRequests.Get(path, service.Token))], text, times);

    private Func<Task<GeneratorPlan>> Batches(DeployedService service) =>
        Plan(
            connections,
            200,
            [.. HttpRequests.Batches.Select(body => HttpRequests.Post("/beta/$batch", service.Token, body))],
            "\"status\":204",
            HttpRequests.BatchSize
        );

    private Func<Task<GeneratorPlan>> PostsKeyed(DeployedService service)
    {
        var path = $"{Runs}/$ref";
        var requests = HttpRequests.Runs.Select(body => HttpRequests.PostKeyed(path, service.Token, body)).ToList();
        var keyAt = HttpRequests.KeyAt(requests);
        return async () => await Plan(connections, 204, requests)() with { UniqueAt = keyAt };
    }

    private static WrittenDatabase Checked(DeployedService service) =>
        new(service.Database, EmptyFirst: true) { ChecksCounts = true };

    private static Func<Task<GeneratorPlan>> Posts(DeployedService service, int connections) =>
        Posts($"{Runs}/$ref", service.Token, connections);

    private static Func<Task<GeneratorPlan>> Posts(string path, string? token, int connections) =>
        Plan(connections, 204, [.. HttpRequests.Runs.Select(body => HttpRequests.Post(path, token, body))]);

    private static Func<Task<GeneratorPlan>> Plan(
        int connections,
        int status,
        IReadOnlyList<byte[]> requests,
        string? text = null,
        int times = 0
    ) => () => Task.FromResult(new GeneratorPlan([], connections, 0, 0, requests, status, text, times));
}
