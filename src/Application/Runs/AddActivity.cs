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
/// <param name="ParseErrors">What could not be read of it.</param>
/// <param name="Key">The name under which the request may be repeated; null: each adds an activity of its own.</param>
public sealed record AddActivityCommand(TenantId TenantId, string RunId, ActivityDraft Activity, ValidationErrors ParseErrors, IdempotencyKey? Key = null) : ICommand<Result<ActivityResponse>>, IHasParseErrors;

internal sealed class AddActivityValidator : AbstractValidator<AddActivityCommand>
{
    public AddActivityValidator() => RuleFor(c => c.Activity).MustSatisfyAll(a => a.Validate());
}

internal sealed class AddActivityHandler(IRunRepository repository, TimeProvider clock) : ICommandHandler<AddActivityCommand, Result<ActivityResponse>>
{
    public async ValueTask<Result<ActivityResponse>> Handle(AddActivityCommand command, CancellationToken cancellationToken)
    {
        if (RunId.TryParse(command.RunId) is not { } id)
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
        return added.TryGetValue(out var activity, out var error) ? ActivityResponse.FromActivity(activity) : error;
    }
}
