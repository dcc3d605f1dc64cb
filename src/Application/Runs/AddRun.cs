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
/// <param name="Faults">What could not be read of the report.</param>
public sealed record AddRunCommand(TenantId TenantId, RunDraft Run, Faults Faults) : ICommand<Result<RunResponse>>, IReadFromBody;

internal sealed class AddRunValidator : AbstractValidator<AddRunCommand>
{
    public AddRunValidator()
    {
        RuleFor(c => c.Run.DisplayName).Obeys(DisplayName.Fault);
        RuleFor(c => c.Run).Obeys(RunRules.StartDateTime);
        RuleFor(c => c.Run).Obeys(RunRules.EndDateTime);
        RuleFor(c => c.Run).Obeys(RunRules.Status);
        RuleFor(c => c.Run).Obeys(RunRules.Statistics);
        RuleFor(c => c.Run).Obeys(RunRules.BlockingError);
        RuleFor(c => c.Run).ObeysAll(RunRules.Activities);
    }
}

internal sealed class AddRunHandler(IRunRepository repository, TimeProvider clock, IMapper mapper) : ICommandHandler<AddRunCommand, Result<RunResponse>>
{
    public async ValueTask<Result<RunResponse>> Handle(AddRunCommand command, CancellationToken cancellationToken)
    {
        if (!Run.Add(command.TenantId, command.Run, clock.GetUtcNow()).Succeeded(out var run, out var error))
        {
            return error;
        }

        await repository.AddAsync(run, cancellationToken);
        return mapper.Map<RunResponse>(run);
    }
}
