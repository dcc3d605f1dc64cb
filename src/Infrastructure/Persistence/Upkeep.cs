using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>How long runs are kept (configuration section <c>Retention</c>).</summary>
public sealed record Retention
{
    /// <summary>
    /// Runs of a quarter are dropped together when all of them are older than so many months; 0: runs are kept for
    /// ever.
    /// </summary>
    public int Months { get; init; }
}

/// <summary>
/// What has to be done now and then: partitions ahead of time, old quarters, and what is remembered no longer.
/// </summary>
internal sealed partial class Upkeep([FromKeyedServices(DataSources.Maintenance)] NpgsqlDataSource database, IDatabaseStatus status, Retention retention, TimeProvider clock, ILogger<Upkeep> logger) : BackgroundService
{
    private const long Lock = 0x5570_6B65_6570_0001;

    // This quarter's and so many after it. No more: every list looks into each.
    private const int Ahead = 1;

    private const int AtOnce = 10_000;

    private static readonly TimeSpan _pause = TimeSpan.FromHours(1);

    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromMinutes(1);

    // A day more than anybody is promised: clocks differ, and a transaction may take its time.
    private static readonly TimeSpan _deletionsKept = ReadRunChangesQuery.Remembered + TimeSpan.FromDays(1);

    /// <summary>Does all of it once, unless another service is at it.</summary>
    public async Task RunAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);

        // Held by a transaction that does nothing else: it ends with the connection, whatever happens.
        await using var turn = await connection.BeginTransactionAsync(cancellationToken);
        await using var take = new NpgsqlCommand($"SELECT pg_try_advisory_xact_lock({Lock})", connection);
        if (await take.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return;
        }

        for (var quarter = 0; quarter <= Ahead; quarter++)
        {
            await ExecuteAsync("SELECT create_runs_partition($1)", now.AddMonths(3 * quarter), cancellationToken);
        }

        if (retention.Months > 0 && await ExecuteAsync("SELECT drop_runs_before($1)", now.AddMonths(-retention.Months), cancellationToken) is int dropped and > 0)
        {
            LogDropped(dropped, retention.Months);
        }

        await DeleteAsync("run_deletions", "deleted_date_time", now - _deletionsKept, cancellationToken);
        await DeleteAsync("kept_requests", "created_date_time", now - RequestKey.Lifetime, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = _pauseAfterFailure;
            try
            {
                if (status.Outage is null)
                {
                    await RunAsync(clock.GetUtcNow(), stoppingToken);
                    pause = _pause;
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Nobody waits for it, and there is time: the next partition is needed in three months.
                LogFailure(exception);
            }

            // Being told to stop is no failure to tell of.
            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // In portions, so that nobody waits long for a lock.
    private async Task DeleteAsync(string table, string column, DateTimeOffset before, CancellationToken cancellationToken)
    {
        while (await ExecuteAsync(
            $"WITH gone AS (DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} < $1 LIMIT {AtOnce} FOR UPDATE SKIP LOCKED)) RETURNING 1) SELECT count(*) FROM gone",
            before,
            cancellationToken) is long and AtOnce)
        {
        }
    }

    private async Task<object?> ExecuteAsync(string statement, DateTimeOffset instant, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(statement);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = instant.UtcDateTime });
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Count} partitions of runs older than {Months} months")]
    private partial void LogDropped(int count, int months);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Upkeep of the database failed; it is tried again in a minute")]
    private partial void LogFailure(Exception exception);
}
