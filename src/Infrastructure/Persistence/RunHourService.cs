using IndustryData.Application.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Counts the runs by hour in the background (<see cref="RunHourCounter"/>). Hours that have changed are counted again
/// when no more changes arrive.
/// </summary>
internal sealed partial class RunHourService(
    RunHourCounter counter,
    IDatabaseHealth status,
    DatabaseMetrics metrics,
    TimeProvider clock,
    ILogger<RunHourService> logger
) : BackgroundService
{
    // The pause after a transaction is this many times as long. So the service uses a fifth of one processor at most.
    private const int PauseFactor = 4;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = _pauseAfterFailure;
            try
            {
                if (status.WriteOutage is null)
                {
                    pause = await CountAllAsync(stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailure(exception);
            }

            // Cancellation at shutdown is not an error.
            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Counts a portion of each tenant that has something to count.</summary>
    /// <returns>The pause before the next portions.</returns>
    private async Task<TimeSpan> CountAllAsync(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var tenants = await counter.ListTenantsAsync(RunHourCounter.QuietTime, cancellationToken);
        var took = clock.GetElapsedTime(started);
        var (hasMore, hasFailed) = (false, false);
        foreach (var tenant in tenants)
        {
            await Task.Delay(took * PauseFactor, clock, cancellationToken);
            started = clock.GetTimestamp();
            var succeeded = false;
            try
            {
                hasMore |= await counter.CountAsync(tenant, RunHourCounter.QuietTime, cancellationToken);
                succeeded = true;
            }
            catch (PostgresException exception) when (RunHourCounter.IsConflict(exception))
            {
                // Another instance has counted the tenant's runs, or a table is locked.
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                LogFailure(exception);
                hasFailed = true;
            }

            took = clock.GetElapsedTime(started);
            metrics.RecordMaintenance("count runs by hour", succeeded, took);
        }

        return hasFailed ? _pauseAfterFailure
            : hasMore || took * PauseFactor > _pause ? took * PauseFactor
            : _pause;
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The runs could not be counted by hour; the count continues in a minute, and pages that show counts "
            + "of long spans are slow until then"
    )]
    private partial void LogFailure(Exception exception);
}
