using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Adds an activity to a running run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="RunId">The run's id.</param>
/// <param name="Activity">The reported activity.</param>
/// <param name="Key">The idempotency key; null if each request adds a new activity.</param>
public sealed record AddActivityCommand(
    TenantId TenantId,
    RunId RunId,
    ActivityDraft Activity,
    IdempotencyKey? Key = null
) : ICommand<Result<ActivityResponse>>;

internal sealed class AddActivityValidator : AbstractValidator<AddActivityCommand>
{
    public AddActivityValidator()
    {
        RuleFor(c => c.Activity.DisplayName).MustBeDisplayName(RunActivity.MaxDisplayNameLength);
        RuleFor(c => c.Activity.Status).MustBeStatus();
    }
}

internal sealed class AddActivityHandler(IRunRepository repository, TimeProvider clock)
    : ICommandHandler<AddActivityCommand, Result<ActivityResponse>>
{
    public async ValueTask<Result<ActivityResponse>> Handle(
        AddActivityCommand command,
        CancellationToken cancellationToken
    )
    {
        var now = clock.GetUtcNow();
        var added = await repository.AddActivityAsync(
            command.TenantId,
            command.RunId,
            command.Key,
            now,
            command.Activity.EstimateSize(),
            (run, count) => run.AddActivity(command.Activity, count, now),
            cancellationToken
        );
        return added.TryGetValue(out var activity, out var error) ? ActivityResponse.FromActivity(activity) : error;
    }
}
