using IndustryData.Application.Common;
using IndustryData.Infrastructure.Persistence.Commits;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Looks after the database while it cannot serve: until it answers, is new enough and has the schema, requests are refused at once
/// instead of failing one by one. While all is well it asks nothing.
/// </summary>
/// <param name="database">Where commits have their connections: readers that hold all of theirs must not look like a database that is away.</param>
/// <param name="scopes">Services for a look.</param>
/// <param name="logger">Is told when the database goes and comes.</param>
internal sealed partial class DatabaseWatch([FromKeyedServices(DataSources.Commits)] NpgsqlDataSource database, IServiceScopeFactory scopes, ILogger<DatabaseWatch> logger)
    : BackgroundService, IDatabaseStatus
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    private static readonly DatabaseOutage _away = new(
        "databaseAway", "The database cannot be reached at the moment; try again in a few seconds.", TimeSpan.FromSeconds(2));

    private static readonly DatabaseOutage _refuses = new(
        "databaseRefuses", "The database refuses this service; its operator has to check the connection string's account, password and database.", TimeSpan.FromSeconds(30));

    private static readonly DatabaseOutage _readOnly = new(
        "databaseReadOnly", "The database takes no writes at the moment, as a standby does; try again in a few seconds.", TimeSpan.FromSeconds(5));

    private static readonly DatabaseOutage _full = new(
        "databaseFull", "The database server has no room left; its operator has to give it some.", TimeSpan.FromSeconds(30));

    private static readonly DatabaseOutage _busy = new(
        "databaseBusy", "The database could not do this in time or beside what others did; try again in a few seconds.", TimeSpan.FromSeconds(2));

    private static readonly DatabaseOutage _queueFull = new(
        "queueFull", "More is being sent than the database can take at the moment; try again in a few seconds.", TimeSpan.FromSeconds(2), IsBeforehand: true);

    private static readonly DatabaseOutage _schemaOlder = new(
        "schemaOlder", "The database's schema is older than this service. Its operator has to run the command 'migrate'.", TimeSpan.FromSeconds(30));

    private static readonly DatabaseOutage _serverOlder = new(
        "serverOlder", "The database server is older than PostgreSQL 15. Its operator has to connect a server of 15 to 18.", TimeSpan.FromSeconds(30));

    private static readonly DatabaseOutage _tooSlow = new(
        "queryTooSlow", "The query took longer than this service allows and was cancelled. Narrow it, best by $filter on startDateTime, or leave out $count and $skip; or try again when the service is less busy.", TimeSpan.FromSeconds(5));

    private static readonly DatabaseOutage _withoutIcu = new(
        "serverWithoutIcu", "The database server was built without ICU, which tolower and $search fold case by; leave them out, or have its operator install a server with ICU.", TimeSpan.FromSeconds(30));

    private readonly SemaphoreSlim _lost = new(0);
    private volatile DatabaseOutage? _outage = _away;
    private bool _wasTold;

    public DatabaseOutage? Outage => _outage;

    public DatabaseOutage? Report(Exception exception)
    {
        // A query that was cancelled says nothing of the database. Callers that went away never come here.
        if (exception is OperationCanceledException or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled })
        {
            return _tooSlow;
        }

        if (exception is PostgresException { SqlState: PostgresErrorCodes.UndefinedObject })
        {
            return _withoutIcu;
        }

        var outage = exception switch
        {
            PostgresException postgres => OutageOf(postgres.SqlState),
            NpgsqlException { InnerException: TimeoutException } when exception.Message.StartsWith("The connection pool has been exhausted", StringComparison.Ordinal) => _busy,
            NpgsqlException => _away,
            QueueFullException => _queueFull,
            TimeoutException => _busy,

            // A session that breaks while a command is being written can surface like this (npgsql issue 1323).
            NullReferenceException or ObjectDisposedException when exception.Source == nameof(Npgsql) => _away,
            _ when exception.InnerException is { } inner => Report(inner),
            _ => null,
        };

        // One look decides whether this was the request's own bad luck or everybody's; until then others go on trying.
        if (outage is { IsBeforehand: false } && outage != _busy && _lost.CurrentCount == 0)
        {
            _lost.Release();
        }

        return outage;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // So that a service whose database is there answers its very first request.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(2));
        await LookAsync(patience.Token);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Being told to stop is no failure to tell of.
            await (_outage is null ? _lost.WaitAsync(stoppingToken) : Task.Delay(_pause, stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested)
            {
                await LookAsync(stoppingToken);
            }
        }
    }

    public override void Dispose()
    {
        _lost.Dispose();
        base.Dispose();
    }

    // PostgreSQL, appendix A: the first two characters are the class.
    private static DatabaseOutage? OutageOf(string sqlState) => sqlState switch
    {
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.UndefinedFunction => _schemaOlder,
        PostgresErrorCodes.ReadOnlySqlTransaction => _readOnly,
        PostgresErrorCodes.DiskFull => _full,
        PostgresErrorCodes.LockNotAvailable => _busy,
        PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InsufficientPrivilege => _refuses,
        ['2', '8', ..] => _refuses,
        ['4', '0', ..] => _busy,
        ['0', '8', ..] or ['5', '3', ..] or ['5', '7', ..] => _away,
        _ => null,
    };

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        DatabaseOutage? outage;
        var reason = "";
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var version = new NpgsqlCommand("SELECT current_setting('server_version_num')::int", connection);
            var server = (int)(await version.ExecuteScalarAsync(cancellationToken))!;
            await using var scope = scopes.CreateAsyncScope();
            var missing = await scope.ServiceProvider.GetRequiredService<Schema>().MissingAsync(connection, cancellationToken);
            outage = server < Schema.OldestServer ? _serverOlder : missing.Count > 0 ? _schemaOlder : null;
            if (outage is null && !await IsStandbyAsync(connection, cancellationToken))
            {
                await Incarnations.NoteAsync(connection, cancellationToken);
            }

            reason = outage == _schemaOlder ? $"missing migrations: {string.Join(", ", missing)}" : $"server_version_num {server}";
        }
        catch (Exception exception)
        {
            // Whatever it is: the database cannot be used, and a look that throws would end the whole service.
            outage = exception is PostgresException postgres ? OutageOf(postgres.SqlState) ?? _away : _away;
            reason = exception.Message;
        }

        var before = _outage;
        _outage = outage;
        if (outage is null)
        {
            LogServes(reason);
        }
        else if (outage != before || !_wasTold)
        {
            LogOutage(outage.Code, outage.Message, reason);
            _wasTold = true;
        }
    }

    private static async Task<bool> IsStandbyAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'", connection);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The database serves ({Reason})")]
    private partial void LogServes(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Code}: {Advice} ({Reason})")]
    private partial void LogOutage(string code, string advice, string reason);
}
