using FluentValidation;
using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Takes in something that a running run carries out.</summary>
/// <param name="TenantId">Whose run it is.</param>
/// <param name="RunId">The run's id as the caller wrote it.</param>
/// <param name="Activity">What was told.</param>
/// <param name="Faults">What could not be read of it.</param>
/// <param name="Key">The name under which the request may be repeated; null: each adds an activity of its own.</param>
public sealed record AddActivityCommand(TenantId TenantId, string RunId, ActivityDraft Activity, Faults Faults, RequestKey? Key = null) : ICommand<Result<ActivityResponse>>, IReadFromBody;

internal sealed class AddActivityValidator : AbstractValidator<AddActivityCommand>
{
    public AddActivityValidator() => RuleFor(c => c.Activity).ObeysAll(a => a.Judge());
}

internal sealed class AddActivityHandler(IRunRepository repository, TimeProvider clock) : ICommandHandler<AddActivityCommand, Result<ActivityResponse>>
{
    public async ValueTask<Result<ActivityResponse>> Handle(AddActivityCommand command, CancellationToken cancellationToken)
    {
        if (RunId.FromText(command.RunId) is not { } id)
        {
            return RunErrors.NotFound(command.RunId);
        }

        var now = clock.GetUtcNow();
        var added = await repository.AddActivityAsync(
            command.TenantId,
            id,
            command.Key,
            now,
            command.Activity.EstimateSize(),
            (run, count) => run.AddActivity(command.Activity, count, now),
            cancellationToken);
        return added.Succeeded(out var activity, out var error) ? ActivityResponse.Of(activity) : error;
    }
}
