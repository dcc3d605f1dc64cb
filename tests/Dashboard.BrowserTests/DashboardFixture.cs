using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

[assembly: AssemblyFixture(typeof(IndustryData.Dashboard.BrowserTests.DashboardFixture))]

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>One service with sample runs and one browser, which all tests share.</summary>
public sealed class DashboardFixture : IAsyncLifetime
{
    /// <summary>The reason of skipped tests.</summary>
    public const string MissingBrowser =
        "Chromium is missing: install the package chromium, or set INDUSTRYDATA_TEST_CHROMIUM to its path.";

    /// <summary>Names that break pages which do not encode or wrap them.</summary>
    public static readonly IReadOnlyList<string> DifficultNames =
    [
        "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">",
        "成績連携 – 東京",
        "מערכת תלמידים ← סנכרון",
        new string('W', 256),
    ];

    private readonly TestServer _server = new();
    private TestDatabase? _database;
    private ServiceProcess? _service;
    private IdentityProvider? _provider;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The service.</summary>
    public ServiceProcess Service => _service!;

    /// <summary>The identity provider at which people sign in to the service.</summary>
    public IdentityProvider Provider => _provider!;

    /// <summary>The connection string of the database of the service.</summary>
    public string ConnectionString => _database!.ConnectionString;

    /// <summary>The browser.</summary>
    public IBrowser Browser => _browser!;

    /// <summary>The id of a failed run with a blocking error.</summary>
    public string FailedRun { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (Chromium.IsMissing)
        {
            return;
        }

        // A page renews itself in up to five times the duration of a request.
        Assertions.SetDefaultExpectTimeout(30_000);
        await _server.InitializeAsync();
        _database = new TestDatabase(_server);
        await _database.InitializeAsync();
        _provider = await IdentityProvider.StartAsync();
        _service = await ServiceProcess.StartAsync([
            ("ConnectionStrings__IndustryData", _database.ConnectionString),
            .. _provider.Settings().Select(s => (s.Key.Replace(":", "__", StringComparison.Ordinal), s.Value)),
        ]);
        await AddRunsAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = Chromium.Path,
                // Root cannot use the sandbox in most containers.
                ChromiumSandbox = false,
            }
        );
        TestContext.Current.SendDiagnosticMessage($"Chromium {_browser.Version}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_service is not null)
        {
            await _service.DisposeAsync();
        }

        if (_provider is not null)
        {
            await _provider.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
            await _server.DisposeAsync();
        }
    }

    /// <summary>Reports a run.</summary>
    /// <returns>The id of the run.</returns>
    public async Task<string> AddRunAsync(
        string name,
        string status,
        object? blockingError = null,
        DateTimeOffset? startDateTime = null,
        object? statistics = null,
        TimeSpan? length = null
    )
    {
        var start = startDateTime ?? DateTimeOffset.UtcNow.AddMinutes(-30);
        var body = new JsonObject
        {
            ["displayName"] = name,
            ["startDateTime"] = start,
            ["endDateTime"] = start + (length ?? TimeSpan.FromMinutes(status == "running" ? 60 : 10)),
            ["status"] = status,
            ["statistics"] = JsonSerializer.SerializeToNode(
                statistics
                    ?? new
                    {
                        inboundTotals = new
                        {
                            people = 1234567,
                            errors = 1,
                            warnings = 0,
                        },
                    }
            ),
            ["blockingError"] = JsonSerializer.SerializeToNode(blockingError),
        };
        using var response = await Service.Client.PostAsJsonAsync("process/runs", body);
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    /// <summary>Deletes a run.</summary>
    public async Task DeleteRunAsync(string id)
    {
        using var response = await Service.Client.DeleteAsync($"process/runs/{id}");
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
    }

    private async Task AddRunsAsync()
    {
        var (code, _, errors) = await ServiceProcess.RunAsync(
            ["demo", "--tenant", $"{Tokens.Tenant}", "--url", $"{Service.Root}"],
            ("Authentication__SigningKeys__0", Tokens.Key),
            ("ConnectionStrings__IndustryData", _database!.ConnectionString)
        );
        code.ShouldBe(0, errors);
        foreach (var name in DifficultNames)
        {
            await AddRunAsync(name, "completed");
        }

        FailedRun = await AddRunAsync(
            "Run with an error",
            "failed",
            new { code = "sourceUnavailable", message = "The source did not answer." }
        );
    }
}
