using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Standbys;

/// <summary>
/// Chooses the standbys that answer reads. Each second it checks all hosts of the connection string. It has no hosts if
/// the setting <c>Database:ReadFromReplicas</c> is off. Thread-safe.
/// </summary>
internal sealed partial class StandbyServers : BackgroundService
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(2);

    private readonly Standby[] _all;
    private readonly TimeSpan _maxLag;
    private readonly bool _balancesReads;
    private readonly DatabaseMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger<StandbyServers> _logger;
    private readonly PrimaryHistory _history;
    private long _primaryEpoch = -1;

    // The host of the primary; null if no primary answers.
    private volatile Standby? _primary;
    private uint _next;

    public StandbyServers(
        string connectionString,
        DatabaseOptions options,
        ReadTimeoutOptions limit,
        CancelRequests cancels,
        DatabaseMetrics metrics,
        TimeProvider clock,
        ILoggerFactory loggers
    )
    {
        _maxLag = options.MaxReplicaLag;
        _balancesReads = options.LoadBalanceReads;
        _metrics = metrics;
        _clock = clock;
        _logger = loggers.CreateLogger<StandbyServers>();
        _history = new PrimaryHistory(clock);
        _all = options.ReadFromReplicas
            ?
            [
                .. DataSources
                    .HostsOf(connectionString)
                    .Select(host => new Standby(host, limit.Timeout, cancels, clock, loggers)),
            ]
            : [];
    }

    /// <summary>The hosts of the connection string; none if standbys are not used.</summary>
    public IReadOnlyList<Standby> All => _all;

    /// <summary>True if a standby can answer reads.</summary>
    public bool CanServe => Array.Exists(_all, s => s.IsUsable);

    /// <summary>
    /// Chooses the standby for a read of the current request. All reads of a request go to the same server.
    /// </summary>
    /// <returns>The standby; null if the read has to go to the primary.</returns>
    public ValueTask<Standby?> ChooseAsync() => _all.Length == 0 ? default : ChooseOneAsync(RequestPosition.Current);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_all.Length > 0)
        {
            _metrics.ObserveStandbys(_all);
            await CheckAsync();
            await base.StartAsync(cancellationToken);
        }
    }

    public override void Dispose()
    {
        foreach (var standby in _all)
        {
            _ = standby.DisposeAsync().AsTask();
        }

        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await CheckAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async ValueTask<Standby?> ChooseOneAsync(RequestPosition? request)
    {
        if (request?.IsPrimaryRequired == true)
        {
            return null;
        }

        if (request?.Server is Standby { IsUsable: true } same)
        {
            return same;
        }

        var first = Interlocked.Increment(ref _next);
        for (var i = 0u; i < _all.Length; i++)
        {
            var standby = _all[(first + i) % (uint)_all.Length];
            if (_balancesReads && standby == _primary)
            {
                request?.ReadFromPrimary();
                return null;
            }

            if (standby.IsUsable && (request?.Required is not { } required || await standby.HasReplayedAsync(required)))
            {
                request?.ReadFrom(standby);
                return standby;
            }
        }

        // Without a primary, an old state is better than none.
        return _primary is not null || request?.Required is not null ? null : Array.Find(_all, s => s.Answers);
    }

    private async Task CheckAsync()
    {
        var states = await Task.WhenAll(_all.Select(s => s.CheckAsync(_timeout)));
        var primary = states.Where(s => s is { IsStandby: false }).MaxBy(s => s!.Epoch);
        if (primary is not null)
        {
            _primaryEpoch = primary.Epoch;
            _history.Add(primary.Position);
        }

        _primary = primary is null ? null : _all[Array.IndexOf(states, primary)];
        for (var i = 0; i < _all.Length; i++)
        {
            if (states[i] is { IsStandby: true } state)
            {
                // A standby that lacks the newest epoch does not follow the current primary, or not yet.
                var lag = _history.LagOf(state.Position, state.ReplayAge);
                Judge(_all[i], lag, lag <= _maxLag && state.Epoch == _primaryEpoch);
            }
            else
            {
                Judge(_all[i], lag: null, isUsable: false);
            }
        }
    }

    private void Judge(Standby standby, TimeSpan? lag, bool isUsable)
    {
        if (!standby.Judge(lag, isUsable))
        {
            return;
        }

        if (isUsable)
        {
            LogUsed(standby.Name);
        }
        else
        {
            LogNotUsed(standby.Name, lag?.TotalSeconds);
        }
    }

    [LoggerMessage(LogLevel.Information, "Reads go to the standby {Host}")]
    private partial void LogUsed(string host);

    [LoggerMessage(
        LogLevel.Warning,
        "Reads no longer go to the server {Host}: it does not answer, is the primary, or is too far behind "
            + "({LagSeconds} s)"
    )]
    private partial void LogNotUsed(string host, double? lagSeconds);
}
