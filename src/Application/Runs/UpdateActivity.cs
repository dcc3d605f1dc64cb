using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Updates an activity.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="RunId">The run's id.</param>
/// <param name="Id">The activity's id.</param>
/// <param name="Patch">The changes that were sent.</param>
/// <param name="Condition">The version of the run that the caller has seen.</param>
public sealed record UpdateActivityCommand(
    TenantId TenantId,
    RunId RunId,
    ActivityId Id,
    ActivityPatch Patch,
    VersionCondition Condition
) : ICommand<Result<ActivityResponse>>;

internal sealed class UpdateActivityValidator : AbstractValidator<UpdateActivityCommand>
{
    public UpdateActivityValidator()
    {
        RuleFor(c => c.Patch.Values.DisplayName)
            .MustBeDisplayName(RunActivity.MaxDisplayNameLength)
            .When(c => c.Patch.Sets(ActivityPatchProperties.DisplayName));
        RuleFor(c => c.Patch.Values.Status).MustBeStatus().When(c => c.Patch.Sets(ActivityPatchProperties.Status));
    }
}

internal sealed class UpdateActivityHandler(IRunRepository repository, TimeProvider clock)
    : ICommandHandler<UpdateActivityCommand, Result<ActivityResponse>>
{
    public async ValueTask<Result<ActivityResponse>> Handle(
        UpdateActivityCommand command,
        CancellationToken cancellationToken
    )
    {
        var changed = await repository.UpdateActivityAsync(
            command.TenantId,
            command.RunId,
            command.Id,
            command.Patch.Values.EstimateSize(),
            (run, activity) =>
                command.Condition.Check(run) ?? run.UpdateActivity(activity, command.Patch, clock.GetUtcNow()).Error,
            cancellationToken
        );
        return changed.TryGetValue(out var activity, out var error) ? ActivityResponse.FromActivity(activity) : error;
    }
}
