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
/// <param name="Faults">What could not be read of it.</param>
public sealed record UpdateRunCommand(TenantId TenantId, string Id, RunPatch Patch, VersionCondition Condition, Faults Faults)
    : ICommand<Result<RunResponse>>, IReadFromBody;

/// <summary>Judges what was sent by itself. What it makes of the run is judged where the run is known.</summary>
internal sealed class UpdateRunValidator : AbstractValidator<UpdateRunCommand>
{
    public UpdateRunValidator()
    {
        When(c => c.Patch.Sends("displayName"), () => RuleFor(c => c.Patch.Values.DisplayName).Obeys(DisplayName.Fault));
        When(c => c.Patch.Sends("startDateTime"), () => RuleFor(c => c.Patch.Values).Obeys(RunRules.StartDateTime));
        When(c => c.Patch.Sends("endDateTime", "status"), () => RuleFor(c => c.Patch.Values).Obeys(RunRules.EndDateTime));
        When(c => c.Patch.Sends("status"), () => RuleFor(c => c.Patch.Values).Obeys(RunRules.Status));
        When(c => c.Patch.Sends("statistics"), () => RuleFor(c => c.Patch.Values).Obeys(RunRules.Statistics));
        When(c => c.Patch.Sends("blockingError", "status"), () => RuleFor(c => c.Patch.Values).Obeys(RunRules.BlockingError));
    }
}

internal sealed class UpdateRunHandler(IRunRepository repository, TimeProvider clock, IMapper mapper) : ICommandHandler<UpdateRunCommand, Result<RunResponse>>
{
    public async ValueTask<Result<RunResponse>> Handle(UpdateRunCommand command, CancellationToken cancellationToken)
    {
        if (RunId.FromText(command.Id) is not { } id)
        {
            return RunErrors.NotFound(command.Id);
        }

        // The condition first: who has not seen the run as it is now cannot know what contradicts it.
        var changed = await repository.ChangeAsync(
            command.TenantId,
            id,
            command.Patch.Values.EstimateSize(),
            run => command.Condition.Refusal(run) ?? run.Update(command.Patch, clock.GetUtcNow()).Error,
            cancellationToken);
        return changed.Succeeded(out var run, out var error) ? mapper.Map<RunResponse>(run) : error;
    }
}
