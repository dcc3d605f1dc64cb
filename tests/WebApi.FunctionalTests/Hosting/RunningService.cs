using System.Net.Http.Headers;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Cli;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Hosting;

/// <summary>The service in the process of the tests, on a real port.</summary>
public sealed class RunningService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningService(WebApplication app)
    {
        _app = app;
        Root = new Uri(app.Urls.First() + "/");
        Client = Authorized(Tokens.Make());
    }

    /// <summary>The service root without <c>/beta</c>.</summary>
    public Uri Root { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>A client that sends as the tests' tenant, with every permission.</summary>
    public HttpClient Client { get; }

    /// <summary>
    /// Starts a service that trusts the key of the tests, and waits until it has reached the database. The database may
    /// have another outage.
    /// </summary>
    public static async Task<RunningService> StartAsync(
        string connectionString,
        params (string Key, string Value)[] settings
    ) => await ReachDatabaseAsync(await StartAsync(connectionString, hasKey: true, settings));

    /// <summary>Starts a service that trusts the key of the tests and whose database cannot be reached.</summary>
    public static Task<RunningService> StartWithoutDatabaseAsync(
        string connectionString,
        params (string Key, string Value)[] settings
    ) => StartAsync(connectionString, hasKey: true, settings);

    /// <summary>Starts a service without a key of its own. The settings name an authority.</summary>
    public static async Task<RunningService> StartWithoutKeyAsync(
        string connectionString,
        params (string Key, string Value)[] settings
    ) => await ReachDatabaseAsync(await StartAsync(connectionString, hasKey: false, settings));

    private static async Task<RunningService> StartAsync(
        string connectionString,
        bool hasKey,
        (string Key, string Value)[] settings
    )
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }
        );
        builder.Configuration.AddInMemoryCollection(LogSettings());
        builder.Configuration.AddInMemoryCollection([
            KeyValuePair.Create("Database:Distributed", (string?)DistributedDatabases.SettingFor(connectionString)),
        ]);
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value)));
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("urls", (string?)"http://127.0.0.1:0")]);
        var tokens = builder.Configuration.GetSection(TokenOptions.Section).Get<TokenOptions>() ?? new TokenOptions();
        if (hasKey)
        {
            tokens.SigningKeys.Add(Tokens.Key);
        }

        var app = ServeCommand.Build(builder, connectionString, tokens);
        await app.StartAsync();
        return new RunningService(app);
    }

    // A machine that stalls during the first probe starts a service that answers 503 until the next one.
    private static async Task<RunningService> ReachDatabaseAsync(RunningService service)
    {
        var health = service.Services.GetRequiredService<IDatabaseHealth>();
        var revocations = service.Services.GetRequiredService<ITokenRevocations>();
        try
        {
            await Poll.UntilAsync(
                () =>
                    health.Outage is { } outage
                        ? outage.Code != "databaseUnavailable"
                        : HasReadRevocations(revocations, health),
                "The first successful probe of the database"
            );
        }
        catch (Exception)
        {
            await service.DisposeAsync();
            throw;
        }

        return service;
    }

    private static bool HasReadRevocations(ITokenRevocations revocations, IDatabaseHealth health)
    {
        try
        {
            // It throws an exception until the revocations have been read.
            revocations.IsRevoked(new TenantId(Tokens.Tenant), DateTimeOffset.UtcNow);
            return true;
        }
        catch (Exception exception) when (health.Classify(exception) is not null)
        {
            return false;
        }
    }

    /// <summary>Returns a client that sends this token, or no token if it is null.</summary>
    public HttpClient Authorized(string? token)
    {
        // The timeout is long enough that the client never sends a body that the service refuses beforehand, even on a
        // busy machine.
        var client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(30) })
        {
            BaseAddress = Root,
        };
        client.DefaultRequestHeaders.Authorization = token is null
            ? null
            : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>The settings by which the service keeps its logs, or writes none.</summary>
    private static Dictionary<string, string?> LogSettings() =>
        TestLogs.NewFile() is { } file
            ? new Dictionary<string, string?>
            {
                ["Audit:Path"] = TestLogs.NewFile(),
                ["Serilog:Using:0"] = "Serilog.Sinks.File",
                ["Serilog:WriteTo:0:Name"] = "File",
                ["Serilog:WriteTo:0:Args:path"] = file,
            }
            : new Dictionary<string, string?>
            {
                ["Audit:Enabled"] = "false",
                ["Serilog:MinimumLevel:Default"] = "Fatal",
            };

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
