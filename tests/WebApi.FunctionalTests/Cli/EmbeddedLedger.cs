using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>
/// A ledger in an embedded database: its data directory, the processes that use it, and its rows.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class EmbeddedLedger : IDisposable
{
    public const string RunsPath = "process/runs";

    /// <summary>The data directory.</summary>
    public TestDataDirectory Data { get; } = new();

    /// <summary>The directory of the programs of PostgreSQL; null to search for them.</summary>
    public string? BinDirectory { get; set; }

    public string Path => Data.Path;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private (string, string)[] Settings =>
        BinDirectory is null
            ? [("DataDirectory", Path)]
            : [("DataDirectory", Path), ("EmbeddedPostgres__BinDirectory", BinDirectory)];

    public void Dispose() => Data.Dispose();

    /// <summary>Starts the service.</summary>
    public Task<ServiceProcess> StartAsync() => ServiceProcess.StartAsync(Settings);

    /// <summary>Starts a command.</summary>
    public Process StartCommand(params string[] arguments) => ServiceProcess.StartCommand(arguments, Settings);

    /// <summary>Runs a command.</summary>
    public Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ServiceProcess.RunAsync(arguments, Settings);

    /// <summary>Runs a command that must complete.</summary>
    /// <returns>Its result, which is one line, and its progress.</returns>
    public async Task<(string Result, string Progress)> ShouldSucceedAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await RunAsync(arguments);
        exitCode.ShouldBe(0, errors);
        output.ShouldStartWith($"The {arguments[0]} is complete: ");
        output.TrimEnd().ShouldNotContain('\n');
        return (output, errors);
    }

    /// <summary>
    /// Runs a command that must fail with a message. A command that starts PostgreSQL logs that first.
    /// </summary>
    public async Task ShouldFailAsync(string message, params string[] arguments)
    {
        var (exitCode, output, errors) = await RunAsync(arguments);
        exitCode.ShouldBe(1);
        output.ShouldBeEmpty();
        var line = errors.TrimEnd().Split('\n')[^1];
        line.ShouldStartWith("industrydata: ");
        line.ShouldContain(message);
    }

    /// <summary>Opens a connection to the database of the running service or server.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var access = PostgresServer.GetConnectionInfo(
            Data.Resolve(),
            new EmbeddedPostgresOptions { BinDirectory = BinDirectory }
        );
        var connection = new NpgsqlConnection(access.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    /// <summary>
    /// Returns every row of every table but the epochs, which each start of a server adds to, and the counts by hour.
    /// </summary>
    public async Task<string[]> RowsAsync()
    {
        await using var connection = await OpenAsync();
        var rows = new List<string>();
        foreach (
            var table in await ReadAsync<string>(
                connection,
                """
                SELECT relname::text FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
                    AND relname <> 'database_epochs'
                    -- The service counts the runs by hour in the background, also after a restore.
                    AND relname !~ '^(outdated_)?run_hour'
                ORDER BY 1
                """
            )
        )
        {
            rows.AddRange(
                await ReadAsync<string>(connection, $"SELECT '{table} ' || t::text FROM \"{table}\" AS t ORDER BY 1")
            );
        }

        return [.. rows];
    }

    /// <summary>Returns the ids of the epochs, the oldest first.</summary>
    public async Task<Guid[]> EpochsAsync()
    {
        await using var connection = await OpenAsync();
        return [.. await ReadAsync<Guid>(connection, "SELECT id FROM database_epochs ORDER BY number")];
    }

    public static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var values = new List<T>();
        while (await reader.ReadAsync(Cancellation))
        {
            values.Add(reader.GetFieldValue<T>(0));
        }

        return values;
    }

    public static Task<Uri> AddAsync(ServiceProcess service, string name, params (string, string)[] headers) =>
        PostAsync(service, Bodies.RunAt(0, name), headers);

    public static async Task<Uri> PostAsync(
        ServiceProcess service,
        string body,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{RunsPath}/$ref") { Content = Bodies.Json(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await service.Client.SendAsync(request, Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.NoContent, await response.Content.ReadAsStringAsync(Cancellation));
        return response.Headers.Location!;
    }

    public static async Task AddActivityAsync(ServiceProcess service, Uri run)
    {
        const string activity = """
            {"@odata.type":"#microsoft.graph.industryData.inboundFlowActivity","displayName":"Classes",
             "status":"inProgress"}
            """;
        using var response = await service.Client.PostAsync(
            $"{run.AbsolutePath}/activities",
            Bodies.Json(activity),
            Cancellation
        );
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    public static async Task<Uri> DeltaLinkAsync(ServiceProcess service)
    {
        var page = await GetAsync(service, $"{RunsPath}/delta?$deltatoken=latest");
        return new Uri(page.Text("@odata.deltaLink"));
    }

    public static async Task<HashSet<string>> ReadAllIdsAsync(ServiceProcess service)
    {
        var ids = new HashSet<string>();
        for (var next = $"{RunsPath}?$top=1000"; next is not null; )
        {
            var page = await GetAsync(service, next);
            ids.UnionWith(Ids(page));
            next = page.TryGetProperty("@odata.nextLink", out var link)
                ? new Uri(link.GetString()!).PathAndQuery
                : null;
        }

        return ids;
    }

    public static IEnumerable<string> Ids(JsonElement page) =>
        page.GetProperty("value").EnumerateArray().Select(item => item.Text("id"));

    public static async Task<long> CountAsync(ServiceProcess service) =>
        long.Parse(await service.Client.GetStringAsync($"{RunsPath}/$count", Cancellation), null);

    public static Task<JsonElement> GetAsync(ServiceProcess service, string path) =>
        service.Client.GetJsonAsync(new Uri(service.Root, path));

    public static Uri On(ServiceProcess service, Uri link) => new(service.Root, link.PathAndQuery);
}
