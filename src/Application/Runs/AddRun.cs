using AutoMapper;
using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Adds a reported run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Run">The reported run.</param>
/// <param name="Key">The idempotency key; null if each request adds a new run.</param>
/// <param name="IncludeRun">
/// True if the caller needs the run itself. With a key, the first request with the key decides this instead.
/// </param>
public sealed record AddRunCommand(TenantId TenantId, RunDraft Run, IdempotencyKey? Key = null, bool IncludeRun = true)
    : ICommand<Result<AddedRun>>;

/// <summary>The run added by this request or by the first request with the same key.</summary>
/// <param name="Id">The run's id.</param>
/// <param name="Run">
/// The current run; null if it was not asked for, if the first response did not contain it, or if it was deleted since.
/// </param>
public sealed record AddedRun(RunId Id, RunResponse? Run);

internal sealed class AddRunValidator : AbstractValidator<AddRunCommand>
{
    public AddRunValidator()
    {
        RuleFor(c => c.Run.DisplayName).MustBeDisplayName(DisplayName.MaxLength);
        RuleFor(c => c.Run.StartDateTime).MustBeStartDateTime();
        RuleFor(c => c.Run).MustHaveValidEndDateTime();
        RuleFor(c => c.Run.Status).MustBeStatus();
        RuleFor(c => c.Run.Statistics).MustBeStatistics();
        RuleFor(c => c.Run).MustAllowBlockingError();
        RuleFor(c => c.Run.Activities)
            .Must(activities => RunRules.AllowsActivityCount(activities.Count))
            .WithError(RunErrors.TooManyActivities)
            .OverridePropertyName("activities")
            .DependentRules(() =>
                RuleForEach(c => c.Run.Activities)
                    .ChildRules(activity =>
                    {
                        activity.RuleFor(a => a.DisplayName).MustBeDisplayName(RunActivity.MaxDisplayNameLength);
                        activity.RuleFor(a => a.Status).MustBeStatus();
                    })
                    .OverridePropertyName("activities")
            );
    }
}

internal sealed class AddRunHandler(IRunRepository repository, IRunReader runs, TimeProvider clock, IMapper mapper)
    : ICommandHandler<AddRunCommand, Result<AddedRun>>
{
    public async ValueTask<Result<AddedRun>> Handle(AddRunCommand command, CancellationToken cancellationToken)
    {
        var run = Run.Create(command.TenantId, command.Run, clock.GetUtcNow());
        if (command.Key is null)
        {
            await repository.AddAsync(run, cancellationToken);
            return new AddedRun(run.Id, command.IncludeRun ? mapper.Map<RunResponse>(run) : null);
        }

        var added = await repository.AddIdempotentAsync(run, command.Key, cancellationToken);
        if (!added.TryGetValue(out var first, out var error))
        {
            return error;
        }

        // Only a repeated request whose response contains the run must read it. The first request has it in memory.
        var response =
            !first.IncludesRun ? null
            : first.RunId == run.Id ? mapper.Map<RunResponse>(run)
            : await runs.FindAsync(command.TenantId, first.RunId, cancellationToken);
        return new AddedRun(first.RunId, response);
    }
}
