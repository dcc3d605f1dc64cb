using System.ComponentModel.DataAnnotations;
using System.Globalization;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Starts a run. The service sets its name, and the caller completes it later.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Key">The idempotency key; null if each request starts a new run.</param>
public sealed record StartRunCommand(TenantId TenantId, IdempotencyKey? Key = null) : ICommand<Result<RunId>>;

/// <summary>The rate limit for starting runs (configuration section <c>StartRateLimit</c>).</summary>
public sealed record StartRateLimitOptions
{
    /// <summary>The starts of a tenant that are allowed within <see cref="Window"/>; Graph allows 5.</summary>
    [Range(1, 1_000_000)]
    public int MaxStarts { get; init; } = 5;

    /// <summary>The length of the window; Graph uses 12 hours.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "30.00:00:00")]
    public TimeSpan Window { get; init; } = TimeSpan.FromHours(12);
}

internal sealed class StartRunHandler(IRunRepository repository, TimeProvider clock, StartRateLimitOptions limit)
    : ICommandHandler<StartRunCommand, Result<RunId>>
{
    public async ValueTask<Result<RunId>> Handle(StartRunCommand command, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var draft = new RunDraft
        {
            DisplayName = $"Run {now.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC",
            StartDateTime = now,
            Status = RunStatus.Running,
            Statistics = RunStatistics.Empty,
        };
        var run = Run.Create(command.TenantId, draft, now);
        return await repository.StartAsync(
            run,
            command.Key,
            new StartRateLimit(limit.MaxStarts, limit.Window),
            cancellationToken
        );
    }
}
