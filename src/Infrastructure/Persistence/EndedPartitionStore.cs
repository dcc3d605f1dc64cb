using IndustryData.Application.Runs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Keeps the ranges of the starts of runs in ended partitions, which maintenance records. They are read every minute,
/// and a second after a list found that they have changed. Old ranges make lists slower but not wrong, because a list
/// compares their version.
/// </summary>
internal sealed partial class EndedPartitionStore(
    ReadSessions sessions,
    TimeProvider clock,
    ILogger<EndedPartitionStore> logger
) : BackgroundService
{
    // A partition without runs has infinite bounds, which Npgsql does not read as times.
    private const string Sql = """
        SELECT version, first_id, end_id, nullif(earliest, 'infinity'), nullif(latest, '-infinity')
        FROM run_start_versions LEFT JOIN run_start_ranges ON is_complete ORDER BY first_id
        """;

    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private volatile EndedPartitions _current = EndedPartitions.None;
    private volatile TaskCompletionSource _suspected = NewSignal();

    /// <summary>The partitions that were read last.</summary>
    public EndedPartitions Current => _current;

    /// <summary>Reads the ranges soon, because a list may have found that they have changed.</summary>
    public void Suspect() => _suspected.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var hasFailed = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            var signal = _suspected = NewSignal();
            try
            {
                _current = await ReadAsync(stoppingToken);
                hasFailed = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The ranges that were read before apply. The health monitor reports an outage.
                var isDefect = !hasFailed && OutageClassifier.Classify(exception) is null;
                LogFailure(isDefect ? LogLevel.Error : LogLevel.Debug, exception);
                hasFailed = true;
            }

            await Task.Delay(_pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await signal
                .Task.WaitAsync(_interval, clock, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<EndedPartitions> ReadAsync(CancellationToken cancellationToken)
    {
        await using var session = await sessions.OpenForAllTenantsAsync(cancellationToken);
        await session.ExecuteAsync(new Npgsql.NpgsqlBatchCommand(Sql));
        var (version, partitions) = (Guid.Empty, new List<EndedPartition>());
        while (await session.ReadAsync())
        {
            var row = session.Row;
            version = row.GetGuid(0);
            if (!row.IsDBNull(1))
            {
                partitions.Add(
                    new EndedPartition(
                        row.GetGuid(1),
                        row.GetGuid(2),
                        row.IsDBNull(3) ? DateTime.MaxValue.Ticks : row.GetDateTime(3).Ticks,
                        row.IsDBNull(4) ? DateTime.MinValue.Ticks : row.GetDateTime(4).Ticks
                    )
                );
            }
        }

        return new EndedPartitions(version, partitions);
    }

    [LoggerMessage(Message = "Could not read the starts of the runs in ended partitions; lists may be slower")]
    private partial void LogFailure(LogLevel level, Exception exception);
}
