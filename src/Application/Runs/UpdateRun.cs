using AutoMapper;
using FluentValidation;
using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Updates a run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id as sent by the caller. A value that is not a GUID counts as an unknown id.</param>
/// <param name="Patch">The changes that were sent.</param>
/// <param name="Condition">The condition on the version of the run.</param>
/// <param name="ParseErrors">The errors found while the body was parsed.</param>
/// <param name="ReturnRepresentation">True if the caller needs the run itself.</param>
public sealed record UpdateRunCommand(
    TenantId TenantId,
    string Id,
    RunPatch Patch,
    IfMatchCondition Condition,
    ValidationErrors ParseErrors,
    bool ReturnRepresentation = true
) : ICommand<Result<UpdatedRun>>, IHasParseErrors;

/// <summary>The run after the update.</summary>
/// <param name="Version">The version of the run.</param>
/// <param name="Run">The run; null if it was not asked for.</param>
public sealed record UpdatedRun(long Version, RunResponse? Run);

/// <summary>Validates the values sent. The aggregate validates the resulting run.</summary>
internal sealed class UpdateRunValidator : AbstractValidator<UpdateRunCommand>
{
    public UpdateRunValidator()
    {
        When(
            c => c.Patch.Contains("displayName"),
            () => RuleFor(c => c.Patch.Values.DisplayName).MustSatisfy(DisplayName.Validate)
        );
        When(
            c => c.Patch.Contains("startDateTime"),
            () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateStartDateTime)
        );
        When(
            c => c.Patch.Contains("endDateTime", "status"),
            () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateEndDateTime)
        );
        When(c => c.Patch.Contains("status"), () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateStatus));
        When(
            c => c.Patch.Contains("statistics"),
            () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateStatistics)
        );
        When(
            c => c.Patch.Contains("blockingError", "status"),
            () => RuleFor(c => c.Patch.Values).MustSatisfy(RunRules.ValidateBlockingError)
        );
    }
}

internal sealed class UpdateRunHandler(IRunRepository repository, TimeProvider clock, IMapper mapper)
    : ICommandHandler<UpdateRunCommand, Result<UpdatedRun>>
{
    public async ValueTask<Result<UpdatedRun>> Handle(UpdateRunCommand command, CancellationToken cancellationToken)
    {
        if (RunId.TryParse(command.Id) is not { } id)
        {
            return RunErrors.NotFound(command.Id);
        }

        // The condition is checked first. A caller with an outdated version cannot interpret other conflicts.
        var changed = await repository.UpdateAsync(
            command.TenantId,
            id,
            command.Patch.Values.EstimateSize(),
            run => command.Condition.Check(run) ?? run.Update(command.Patch, clock.GetUtcNow()).Error,
            cancellationToken
        );
        return changed.TryGetValue(out var run, out var error)
            ? new UpdatedRun(run.Version, command.ReturnRepresentation ? mapper.Map<RunResponse>(run) : null)
            : error;
    }
}
