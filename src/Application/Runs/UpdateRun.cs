using AutoMapper;
using FluentValidation;
using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Takes in what a reporter tells anew of a run.</summary>
/// <param name="TenantId">Whose run it is.</param>
/// <param name="Id">The id as the caller wrote it: what is no GUID is an id that does not exist.</param>
/// <param name="Patch">What was told.</param>
/// <param name="Condition">The version that the caller has seen.</param>
/// <param name="ParseErrors">What could not be read of it.</param>
public sealed record UpdateRunCommand(TenantId TenantId, string Id, RunPatch Patch, IfMatchCondition Condition, ValidationErrors ParseErrors)
    : ICommand<Result<RunResponse>>, IHasParseErrors;

/// <summary>Judges what was sent by itself. What it makes of the run is judged where the run is known.</summary>
internal sealed class UpdateRunValidator : AbstractValidator<UpdateRunCommand>
{
    public UpdateRunValidator()
    {
        When(c => c.Patch.Contains("displayName"), () => RuleFor(c => c.Patch.Values.DisplayName).MustSatisfy(DisplayName.Validate));
        When(c => c.Patch.Contains("startDateTime"), () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateStartDateTime));
        When(c => c.Patch.Contains("endDateTime", "status"), () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateEndDateTime));
        When(c => c.Patch.Contains("status"), () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateStatus));
        When(c => c.Patch.Contains("statistics"), () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateStatistics));
        When(c => c.Patch.Contains("blockingError", "status"), () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateBlockingError));
    }
}

internal sealed class UpdateRunHandler(IRunRepository repository, TimeProvider clock, IMapper mapper) : ICommandHandler<UpdateRunCommand, Result<RunResponse>>
{
    public async ValueTask<Result<RunResponse>> Handle(UpdateRunCommand command, CancellationToken cancellationToken)
    {
        if (RunId.TryParse(command.Id) is not { } id)
        {
            return RunErrors.NotFound(command.Id);
        }

        // The condition first: who has not seen the run as it is now cannot know what contradicts it.
        var changed = await repository.UpdateAsync(
            command.TenantId,
            id,
            command.Patch.Values.EstimateSize(),
            run => command.Condition.Check(run) ?? run.Update(command.Patch, clock.GetUtcNow()).Error,
            cancellationToken);
        return changed.TryGetValue(out var run, out var error) ? mapper.Map<RunResponse>(run) : error;
    }
}
