using System.Globalization;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.WebApi;
using IndustryData.WebApi.Cli;
using IndustryData.WebApi.Security;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;

const string usage =
    "Commands: serve (the default), migrate, token, link, demo, import, archive, health, psql, backup, restore, "
    + "upgrade. "
    + "docs/operations.md describes the commands, and docs/configuration.md describes the settings.";

// The first argument is a command, unless it is an option such as --urls.
var (command, rest) = args switch
{
    ["help" or "--help" or "-h", ..] => ("help", []),
    [var first, .. var others] when !first.StartsWith('-') => (first, others),
    _ => ("serve", args),
};
var isEmbedded = true;
try
{
    if (
        command is not ("psql" or "backup" or "restore" or "upgrade" or "demo" or "import" or "archive")
        && rest.FirstOrDefault(a =>
            command is not ("token" or "link")
            && !(command == "migrate" && a == "--distribute")
            && !(command == "serve" && a.StartsWith("--", StringComparison.Ordinal) && a.Contains('='))
        )
            is { } unknown
    )
    {
        throw new StartupException($"'{unknown}' is not understood. {usage}");
    }

    var builder = WebApplication.CreateBuilder(
        new WebApplicationOptions { Args = command == "serve" ? rest : [], ContentRootPath = AppContext.BaseDirectory }
    );
    var configuration = builder.Configuration;
    ListenUrls.Check(configuration);
    SecretFiles.Load(configuration);
    if (command == "serve")
    {
        Settings.Check(configuration);
    }

    var postgres = Settings.Read<EmbeddedPostgresOptions>(configuration, EmbeddedPostgresOptions.Section);
    var tokens = Settings.Read<TokenOptions>(configuration, TokenOptions.Section);
    var connectionString = configuration.GetConnectionString("IndustryData") ?? "";
    isEmbedded = string.IsNullOrWhiteSpace(connectionString);
    if (!isEmbedded && ConnectionStrings.Validate(connectionString) is { } fault)
    {
        throw new StartupException(
            $"ConnectionStrings:IndustryData cannot be used: {fault}; "
                + "write it like Host=…;Database=…;Username=…;Password=…"
        );
    }

    if (command is "serve" or "migrate" or "token" or "link" or "demo" or "import")
    {
        ExampleSecrets.Check(configuration, connectionString, tokens);
    }

    async Task RefuseDistributedAsync(string advice)
    {
        if (await DatabaseSchema.IsDistributedAsync(connectionString, CancellationToken.None))
        {
            throw new StartupException($"The tables of ConnectionStrings:IndustryData are distributed; {advice}.");
        }
    }

    DataDirectory Resolved() => DataDirectory.Resolve(configuration["DataDirectory"], postgres);
    bool AddDevelopmentKey()
    {
        if (!isEmbedded || tokens is not { SigningKeys.Count: 0, Authorities.Count: 0 })
        {
            return false;
        }

        var directory = Resolved();
        directory.Create();
        tokens.SigningKeys.Add(SigningKeys.Development(directory.Path));
        return true;
    }

    switch (command)
    {
        case "serve":
            await using (var server = isEmbedded ? await StartPostgresAsync(configuration, Resolved(), postgres) : null)
            {
                var signIn = Settings.Read<SignInOptions>(configuration, SignInOptions.Section);
                var printsLink = AddDevelopmentKey() || signIn.PrintLink;
                if (printsLink && tokens.SigningKeys.Count == 0)
                {
                    throw new StartupException(
                        "SignIn:PrintLink needs a key to sign links with; set Authentication:SigningKeys:0, "
                            + "or do not set SignIn:PrintLink."
                    );
                }

                if (server is not null)
                {
                    connectionString = server.ConnectionString;
                    var log = Logging.Configure(new LoggerConfiguration(), configuration);
                    await MigrateAsync(connectionString, TimeSpan.FromSeconds(30), isEmbedded, log);
                    builder.Services.AddHostedService(_ => new PostgresSupervisorService(server));
                }

                await using var app = ServeCommand.Build(builder, connectionString, tokens);
                await app.StartAsync();
                if (printsLink)
                {
                    // Not in the log: the code of the link is a secret.
                    var url = LinkCommand.ServiceUrl(configuration, () => ListenUrls.Reachable(app.Urls.First()));
                    Console.WriteLine(
                        $"Sign in (once, within {SignInLinks.Lifetime.TotalMinutes} minutes): "
                            + LinkCommand.CreateLink([], tokens, () => url, TimeProvider.System)
                    );
                }

                await app.WaitForShutdownAsync();
            }

            return 0;
        case "migrate" when isEmbedded:
            throw new StartupException(
                "Without ConnectionStrings:IndustryData, the service itself applies the schema at start; "
                    + "set the connection string, or start the service."
            );
        case "migrate":
            var applied = await MigrateAsync(connectionString, TimeSpan.FromSeconds(60), isEmbedded, Progress());
            Console.WriteLine(
                applied.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", applied)}."
            );
            if (
                rest.Contains("--distribute")
                || await DatabaseSchema.IsDistributedAsync(connectionString, CancellationToken.None)
            )
            {
                // Migrations replace functions that a cluster has in a form of its own.
                await DatabaseSchema.DistributeAsync(connectionString, CancellationToken.None);
                Console.WriteLine("The tables are distributed. Start the services with Database__Distributed=true.");
            }

            return 0;
        case "token" when rest.Contains(RevokeTokensCommand.Option):
            Console.WriteLine(
                await RevokeTokensCommand.RunAsync(
                    rest,
                    () =>
                        isEmbedded
                            ? PostgresServer.GetConnectionInfo(Resolved(), postgres).ConnectionString
                            : connectionString,
                    TimeProvider.System
                )
            );
            return 0;
        case "token":
            AddDevelopmentKey();
            Console.WriteLine(TokenCommand.CreateToken(rest, tokens, TimeProvider.System));
            return 0;
        case "link":
            AddDevelopmentKey();
            Console.WriteLine(
                LinkCommand.CreateLink(
                    rest,
                    tokens,
                    () => LinkCommand.ServiceUrl(configuration, () => ListenUrls.Url(configuration)),
                    TimeProvider.System
                )
            );
            return 0;
        case "demo":
            AddDevelopmentKey();
            using (var progress = new SerilogLoggerFactory(Progress().CreateLogger(), dispose: true))
            {
                Console.WriteLine(
                    await DemoCommand.RunAsync(
                        rest,
                        () => ListenUrls.Url(configuration),
                        tokens,
                        TimeProvider.System,
                        progress.CreateLogger("Demo")
                    )
                );
            }

            return 0;
        case "import":
            var import = ImportOptions.Read(rest);
            if (import.Url is null && !isEmbedded && !import.UsesDatabase)
            {
                throw new StartupException(
                    "ConnectionStrings:IndustryData names a database of your own: add --database to write to it, "
                        + "or --url to send the runs to a service."
                );
            }

            if (import.Url is not null)
            {
                AddDevelopmentKey();
            }
            else if (!isEmbedded)
            {
                await RefuseDistributedAsync("import through a service with --url");
            }

            await using (
                var embedded =
                    isEmbedded && import.Url is null
                        ? await EmbeddedDatabase.OpenAsync(Resolved(), postgres, logger: null, CancellationToken.None)
                        : null
            )
            {
                var (summary, isComplete) = import.Url is null
                    ? await ImportCommand.RunAsync(
                        import,
                        embedded?.ConnectionString ?? connectionString,
                        configuration,
                        TimeProvider.System
                    )
                    : await ImportCommand.RunAsync(import, configuration, tokens, TimeProvider.System);
                Console.WriteLine(summary);
                return isComplete ? 0 : 1;
            }

        case "archive":
            var archive = ArchiveCommand.Read(rest);
            if (!isEmbedded)
            {
                await RefuseDistributedAsync("archive needs the tables on one server");
            }

            await using (
                var embedded = isEmbedded
                    ? await EmbeddedDatabase.OpenAsync(Resolved(), postgres, logger: null, CancellationToken.None)
                    : null
            )
            using (var progress = new SerilogLoggerFactory(Progress().CreateLogger(), dispose: true))
            {
                Console.WriteLine(
                    await ArchiveCommand.RunAsync(
                        archive,
                        embedded?.ConnectionString ?? connectionString,
                        configuration,
                        TimeProvider.System,
                        progress.CreateLogger("Archive")
                    )
                );
            }

            return 0;
        case "health":
            return await HealthCommand.RunAsync(configuration);
        case "psql" when isEmbedded:
            return await PsqlCommand.RunAsync(PostgresServer.GetConnectionInfo(Resolved(), postgres), rest);
        case "psql":
            throw new StartupException(
                "psql is for the embedded database, but ConnectionStrings:IndustryData names another server; "
                    + "connect to that server with a psql of your own."
            );
        case "backup" or "restore" when !isEmbedded:
            throw new StartupException(
                $"{command} is for the embedded database, but ConnectionStrings:IndustryData names another server; "
                    + "use pg_dump and pg_restore, as docs/operations.md (Backup and restore) describes."
            );
        case "backup":
            using (var progress = new SerilogLoggerFactory(Progress().CreateLogger(), dispose: true))
            {
                Console.WriteLine(
                    await BackupCommand.RunAsync(rest, Resolved(), postgres, progress.CreateLogger("Backup"))
                );
            }

            return 0;
        case "restore":
            using (var progress = new SerilogLoggerFactory(Progress().CreateLogger(), dispose: true))
            {
                Console.WriteLine(
                    await RestoreCommand.RunAsync(rest, Resolved(), postgres, progress.CreateLogger("Restore"))
                );
            }

            return 0;
        case "upgrade" when !isEmbedded:
            throw new StartupException(
                "upgrade is for the embedded database, but ConnectionStrings:IndustryData names another server; "
                    + "upgrade that server as docs/operations.md (Upgrade of PostgreSQL) describes."
            );
        case "upgrade":
            using (var progress = new SerilogLoggerFactory(Progress().CreateLogger(), dispose: true))
            {
                Console.WriteLine(
                    await UpgradeCommand.RunAsync(rest, Resolved(), postgres, progress.CreateLogger("Upgrade"))
                );
            }

            return 0;
        case "help":
            Console.WriteLine(usage);
            return 0;
        default:
            throw new StartupException($"There is no command '{command}'. {usage}");
    }
}
catch (Exception exception)
{
    Console.Error.WriteLine(ProgramEnd.Describe(exception, isEmbedded));
    return 1;
}
finally
{
    await Log.CloseAndFlushAsync();
}

// Progress is written to stderr. The last line, which is the result, is written to stdout.
static LoggerConfiguration Progress() =>
    new LoggerConfiguration().WriteTo.Console(
        standardErrorFromLevel: LogEventLevel.Verbose,
        outputTemplate: "{Message:lj}{NewLine}",
        formatProvider: CultureInfo.InvariantCulture
    );

// A failed migration and a server that cannot be reached have different messages.
static async Task<IReadOnlyList<string>> MigrateAsync(
    string connectionString,
    TimeSpan wait,
    bool isEmbedded,
    LoggerConfiguration log
)
{
    await using var logger = log.CreateLogger();
    using var factory = new SerilogLoggerFactory(logger);
    try
    {
        return await DatabaseSchema.MigrateAsync(
            connectionString,
            wait,
            CancellationToken.None,
            factory.CreateLogger("Migrations")
        );
    }
    catch (Exception exception) when (ProgramEnd.DescribeMigration(exception, isEmbedded) is { } reason)
    {
        throw new StartupException(reason);
    }
}

static async Task<PostgresServer> StartPostgresAsync(
    IConfiguration configuration,
    DataDirectory directory,
    EmbeddedPostgresOptions options
)
{
    // The host and its log do not exist yet.
    var log = Logging.Configure(new LoggerConfiguration(), configuration).CreateLogger();
    return await PostgresServer.StartAsync(
        directory,
        options,
        new SerilogLoggerFactory(log, dispose: true).CreateLogger<PostgresServer>(),
        CancellationToken.None
    );
}

internal sealed class PostgresSupervisorService(PostgresServer server) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => server.SuperviseAsync(stoppingToken);
}
