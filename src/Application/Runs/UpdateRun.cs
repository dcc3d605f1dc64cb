using AutoMapper;
using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Updates a run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id.</param>
/// <param name="Patch">The changes that were sent.</param>
/// <param name="Condition">The condition on the version of the run.</param>
/// <param name="IncludeRun">True if the caller needs the run itself.</param>
public sealed record UpdateRunCommand(
    TenantId TenantId,
    RunId Id,
    RunPatch Patch,
    VersionCondition Condition,
    bool IncludeRun = true
) : ICommand<Result<UpdatedRun>>;

/// <summary>The run after the update.</summary>
/// <param name="Version">The version of the run.</param>
/// <param name="Run">The run; null if it was not asked for.</param>
public sealed record UpdatedRun(long Version, RunResponse? Run);

/// <summary>Validates the new values. The aggregate checks that they agree with those that the run keeps.</summary>
internal sealed class UpdateRunValidator : AbstractValidator<UpdateRunCommand>
{
    public UpdateRunValidator()
    {
        RuleFor(c => c.Patch.Values.DisplayName)
            .MustBeDisplayName(DisplayName.MaxLength)
            .When(c => c.Patch.Sets(RunPatchProperties.DisplayName));
        RuleFor(c => c.Patch.Values.StartDateTime)
            .MustBeStartDateTime()
            .When(c => c.Patch.Sets(RunPatchProperties.StartDateTime));
        RuleFor(c => c.Patch.Values)
            .MustHaveValidEndDateTime()
            .When(c => c.Patch.Sets(RunPatchProperties.EndDateTime | RunPatchProperties.Status));
        RuleFor(c => c.Patch.Values.Status).MustBeStatus().When(c => c.Patch.Sets(RunPatchProperties.Status));
        RuleFor(c => c.Patch.Values.Statistics)
            .MustBeStatistics()
            .When(c => c.Patch.Sets(RunPatchProperties.Statistics));
        RuleFor(c => c.Patch.Values)
            .MustAllowBlockingError()
            .When(c => c.Patch.Sets(RunPatchProperties.BlockingError | RunPatchProperties.Status));
    }
}

internal sealed class UpdateRunHandler(IRunRepository repository, TimeProvider clock, IMapper mapper)
    : ICommandHandler<UpdateRunCommand, Result<UpdatedRun>>
{
    public async ValueTask<Result<UpdatedRun>> Handle(UpdateRunCommand command, CancellationToken cancellationToken)
    {
        // The condition is checked first. A caller with an outdated version cannot interpret other conflicts.
        var changed = await repository.UpdateAsync(
            command.TenantId,
            command.Id,
            command.Patch.Values.EstimateSize(),
            run => command.Condition.Check(run) ?? run.Update(command.Patch, clock.GetUtcNow()).Error,
            cancellationToken
        );
        return changed.TryGetValue(out var run, out var error)
            ? new UpdatedRun(run.Version, command.IncludeRun ? mapper.Map<RunResponse>(run) : null)
            : error;
    }
}
