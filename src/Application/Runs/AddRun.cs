using AutoMapper;
using FluentValidation;
using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Takes in the report of a run.</summary>
/// <param name="TenantId">Whose run it is.</param>
/// <param name="Run">What its reporter told.</param>
/// <param name="ParseErrors">What could not be read of the report.</param>
/// <param name="Key">The name under which the report may be repeated; null: each report is a run of its own.</param>
public sealed record AddRunCommand(TenantId TenantId, RunDraft Run, ValidationErrors ParseErrors, IdempotencyKey? Key = null) : ICommand<Result<AddedRun>>, IHasParseErrors;

/// <summary>The run that was added, now or by the first of several requests under one key.</summary>
/// <param name="Id">The run's id.</param>
/// <param name="Run">
/// The run as it is; null when it was deleted since, or when the first answer did not hold it.
/// </param>
/// <param name="ReturnRepresentation">Whether the first answer held the run; null without a key.</param>
public sealed record AddedRun(RunId Id, RunResponse? Run, bool? ReturnRepresentation);

internal sealed class AddRunValidator : AbstractValidator<AddRunCommand>
{
    public AddRunValidator() => RuleFor(c => c.Run).MustSatisfyAll(RunRules.Validate);
}

internal sealed class AddRunHandler(IRunRepository repository, IRunReader runs, TimeProvider clock, IMapper mapper)
    : ICommandHandler<AddRunCommand, Result<AddedRun>>
{
    public async ValueTask<Result<AddedRun>> Handle(AddRunCommand command, CancellationToken cancellationToken)
    {
        if (!Run.Create(command.TenantId, command.Run, clock.GetUtcNow()).TryGetValue(out var run, out var error))
        {
            return error;
        }

        if (command.Key is null)
        {
            await repository.AddAsync(run, cancellationToken);
            return new AddedRun(run.Id, mapper.Map<RunResponse>(run), null);
        }

        if (!(await repository.AddIdempotentAsync(run, command.Key, cancellationToken)).TryGetValue(out var first, out error))
        {
            return error;
        }

        // Only a repeat that is answered with the run has to read it: what a first request stored is known.
        var response = first.RunId == run.Id ? mapper.Map<RunResponse>(run)
            : first.ReturnRepresentation ? await runs.FindAsync(command.TenantId, first.RunId, cancellationToken)
            : null;
        return new AddedRun(first.RunId, response, first.ReturnRepresentation);
    }
}
