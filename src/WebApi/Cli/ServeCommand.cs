using IndustryData.Application;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.Batch;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Runs;
using IndustryData.WebApi.Security;
using IndustryData.WebApi.Service;
using IndustryData.WebApi.Ui;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpsPolicy;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Npgsql;
using Serilog;
using Serilog.Events;

namespace IndustryData.WebApi.Cli;

/// <summary>The command <c>serve</c>: builds the service.</summary>
internal static partial class ServeCommand
{
    /// <summary>The maximum number of bytes of the body of a request, except of a batch.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    private const int MinBytesPerSecond = 4096;
    private const int Http2WindowBytes = 128 * 1024;

    // Kestrel rejects a longer request line itself, without a body. Up to this length, the service writes the error
    // response, which says what to do.
    private const int MaxRequestLineBytes = 2 * GraphErrorMiddleware.MaxUrlLength;

    private const int ReadAheadBytes = 2 * MaxRequestLineBytes;

    /// <summary>Configures and builds the service.</summary>
    /// <param name="builder">The builder of the host.</param>
    /// <param name="connectionString">The connection string of the database.</param>
    /// <param name="tokens">The settings for accepted tokens.</param>
    public static WebApplication Build(WebApplicationBuilder builder, string connectionString, TokenOptions tokens)
    {
        if (!ListenUrls.IsConfigured(builder.Configuration))
        {
            builder.WebHost.UseUrls(ListenUrls.Default);
        }

        var limits = Settings.Read<LimitOptions>(builder.Configuration, "Limits");

        // The memory budget does not count the bytes that the server reads ahead, so their number is small.
        builder.WebHost.UseSockets(sockets => sockets.MaxReadBufferSize = ReadAheadBytes);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MaxRequestLineSize = MaxRequestLineBytes;
            kestrel.Limits.MaxConcurrentConnections = limits.Connections;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);

            kestrel.Limits.MaxRequestBufferSize = ReadAheadBytes;
            kestrel.Limits.Http2.InitialConnectionWindowSize = Http2WindowBytes;
            kestrel.Limits.Http2.InitialStreamWindowSize = Http2WindowBytes;
            var connections = new ConnectionLimit(limits);
            kestrel.ConfigureEndpointDefaults(endpoint =>
                endpoint.Use(next => connection => connections.InvokeAsync(connection, next))
            );

            // The data of a slow caller is held in memory. At this rate, a body of the maximum length may take four
            // minutes, and a response of 4 MiB a quarter of an hour.
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(MinBytesPerSecond, TimeSpan.FromSeconds(5));
            kestrel.Limits.MinResponseDataRate = new MinDataRate(MinBytesPerSecond, TimeSpan.FromSeconds(5));
        });
        // The diagnostics of the host would create an activity and a log scope for every request. request_id already
        // has this information.
        builder.Services.AddSerilog(
            (_, logs) =>
                Logging
                    .Configure(logs, builder.Configuration)
                    .MinimumLevel.Override("Microsoft.AspNetCore.Hosting.Diagnostics", LevelAlias.Off)
                    // The database protects the keys of sessions. What it cannot do, its monitor and requests report.
                    .MinimumLevel.Override("Microsoft.AspNetCore.DataProtection", LogEventLevel.Fatal)
                    // Its messages contain what anybody can write into an address. ProviderSignIn reports failures.
                    .MinimumLevel.Override("Microsoft.AspNetCore.Authentication.OpenIdConnect", LogEventLevel.Fatal)
                    .Filter.ByExcluding(IsClientDisconnect)
        );
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddApplication(
            builder.Configuration["AutoMapper:LicenseKey"] is { Length: > 0 } key ? key : null
        );
        var database = Settings.Read<DatabaseOptions>(builder.Configuration, "Database");
        if (database.ReadFromReplicas && !HasSeveralHosts(connectionString))
        {
            throw new StartupException(
                "Database:ReadFromReplicas needs a connection string that names the primary and its standbys: Host=a,b."
            );
        }

        if (database is { LoadBalanceReads: true, ReadFromReplicas: false })
        {
            throw new StartupException("Database:LoadBalanceReads needs Database:ReadFromReplicas.");
        }

        if (database is { ReadFromReplicas: true, Distributed: true })
        {
            throw new StartupException(
                "Database:ReadFromReplicas and Database:Distributed exclude each other; the nodes of a distributed "
                    + "database have standbys of their own."
            );
        }

        var retention = Settings.Read<RetentionOptions>(builder.Configuration, "Retention");
        if (database.Distributed && retention.ArchiveFolder is { Length: > 0 })
        {
            throw new StartupException(
                "Retention:ArchiveFolder and Database:Distributed exclude each other; an archive needs the tables on "
                    + "one server."
            );
        }

        builder.Services.AddInfrastructure(
            connectionString,
            retention,
            Settings.Read<PartitionOptions>(builder.Configuration, "Partitions"),
            database
        );
        builder.Services.AddSingleton<IRunLineEncoder, RunLineEncoder>();
        builder.Services.AddTokenAuthentication(tokens);
        builder.Services.AddSingleton(Settings.Read<StartRateLimitOptions>(builder.Configuration, "StartRateLimit"));
        builder.Services.AddSingleton(limits);
        builder.Services.AddSingleton<RequestLimiter>();
        builder.Services.AddSingleton<StreamLimit>();
        // Containers are killed after ten seconds, and PostgreSQL is stopped after the host.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(8));
        builder.Services.AddSingleton(Settings.Read<ReadTimeoutOptions>(builder.Configuration, "Query"));
        builder.Services.AddSingleton(Settings.Read<CommitOptions>(builder.Configuration, "Commit"));
        builder.Services.AddSingleton<RefusalLog>();
        builder.Services.AddSingleton(Settings.Read<AuditOptions>(builder.Configuration, AuditOptions.Section));
        builder.Services.AddSingleton<AuditLog>();
        builder.AddTelemetry();
        builder.Services.AddUi();
        builder.Services.AddSingleton(Settings.Read<SignInOptions>(builder.Configuration, SignInOptions.Section));
        // The keys of sessions are read with the first session, because the service starts while the database is away.
        foreach (var keeper in builder.Services.Where(IsKeyRingLoader).ToList())
        {
            builder.Services.Remove(keeper);
        }

        var hsts = Settings.Read<HstsSettings>(builder.Configuration, HstsSettings.Section);
        builder.Services.Configure<HstsOptions>(hsts.Apply);
        builder.Services.AddSingleton<PageTokenProtector>();
        builder.Services.AddDescription();

        var app = builder.Build();
        if (ExampleSecrets.HasKey(tokens))
        {
            LogExampleKey(app.Logger);
        }

        if (IsUnverified(connectionString))
        {
            LogUnverifiedDatabase(app.Logger);
        }

        app.Use(next => http => RequestIdMiddleware.InvokeAsync(http, next));
        app.UseForwarding(Settings.Read<ForwardingOptions>(app.Configuration, ForwardingOptions.Section));
        if (app.Configuration.GetSection(HstsSettings.Section).GetChildren().Any())
        {
            app.UseHsts();
        }

        app.Use(next => http => UnreadBodyMiddleware.InvokeAsync(http, next));
        var batch = new BatchRequestExecutor();
        app.Use(batch.Capture);
        var audit = app.Services.GetRequiredService<AuditLog>();
        app.Use(next =>
            async http =>
            {
                try
                {
                    await next(http);
                }
                finally
                {
                    audit.Write(http);
                }
            }
        );
        app.UseMiddleware<GraphErrorMiddleware>();
        app.UsePathBase("/beta");
        app.UseRouting();
        app.UseUi();
        app.Use(next => http => OptionsMiddleware.InvokeAsync(http, next));
        app.Use(next =>
            http => BatchRequestExecutor.IsBatchItem(http) ? next(http) : SameOriginMiddleware.InvokeAsync(http, next)
        );
        app.UseTokenAuthentication();
        UseLimits(app);
        if (database.ReadFromReplicas)
        {
            app.Use(next => http => PositionMiddleware.InvokeAsync(http, next));
        }

        app.MapService();
        app.MapRuns();
        app.MapBatch(batch, MaxBodyBytes);
        app.MapDescription();
        app.MapUi();
        return app;
    }

    private static bool HasSeveralHosts(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Host?.Contains(',', StringComparison.Ordinal) == true;

    private static bool IsKeyRingLoader(ServiceDescriptor service) =>
        service.ServiceType == typeof(IHostedService)
        && !service.IsKeyedService
        && service.ImplementationType?.Assembly == typeof(IDataProtectionBuilder).Assembly;

    // The tenant of the caller is only known for routes with a permission.
    private static void UseLimits(WebApplication app)
    {
        var limiter = app.Services.GetRequiredService<RequestLimiter>();
        app.Use(next =>
            http =>
                http.GetEndpoint()?.Metadata.GetMetadata<Permission>() is null
                    ? next(http)
                    : limiter.InvokeAsync(http, BatchRequestExecutor.IsBatchItem(http), next)
        );
    }

    /// <summary>
    /// Checks the connection to the database. A socket and a loopback address do not leave the machine.
    /// </summary>
    /// <returns>
    /// Returns true if the database is on another host and the connection does not verify the certificate of the
    /// server.
    /// </returns>
    internal static bool IsUnverified(string connectionString)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString);
        return database.SslMode < SslMode.VerifyFull
            && (database.Host ?? "").Split(',', StringSplitOptions.TrimEntries).Any(host => !IsLocal(host));
    }

    private static bool IsLocal(string host)
    {
        if (host is ['/' or '@', ..] || Path.IsPathRooted(host))
        {
            return true;
        }

        var name =
            System.Net.IPAddress.TryParse(host, out _) || host.LastIndexOf(':') is not (>= 0 and var colon)
                ? host
                : host[..colon];
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (System.Net.IPAddress.TryParse(name, out var address) && System.Net.IPAddress.IsLoopback(address));
    }

    // Kestrel logs an error with a stack trace if it cannot read the rest of a body because the caller disconnected.
    private static bool IsClientDisconnect(LogEvent entry) =>
        entry.Exception is InvalidOperationException
        && entry.Properties.GetValueOrDefault("EventId") is StructureValue { Properties: var id }
        && id.Any(p => p.Value is ScalarValue { Value: "RequestBodyDrainBodyReaderInvalidState" });

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Authentication:SigningKeys holds the example key, with which anyone can sign tokens; "
            + "replace it before anyone else can reach this service"
    )]
    private static partial void LogExampleKey(Microsoft.Extensions.Logging.ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The database is on another host, and the connection does not verify its certificate: "
            + "add SSL Mode=VerifyFull (and Root Certificate, if this system does not trust its authority) "
            + "to ConnectionStrings:IndustryData"
    )]
    private static partial void LogUnverifiedDatabase(Microsoft.Extensions.Logging.ILogger logger);
}
