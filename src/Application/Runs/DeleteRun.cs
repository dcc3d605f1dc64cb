using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Deletes a run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id as sent by the caller. A value that is not a GUID counts as an unknown id.</param>
/// <param name="Condition">The condition on the version of the run.</param>
public sealed record DeleteRunCommand(TenantId TenantId, string Id, IfMatchCondition Condition)
    : ICommand<Result<Unit>>;

internal sealed class DeleteRunHandler(IRunRepository repository) : ICommandHandler<DeleteRunCommand, Result<Unit>>
{
    public async ValueTask<Result<Unit>> Handle(DeleteRunCommand command, CancellationToken cancellationToken)
    {
        if (RunId.TryParse(command.Id) is not { } id)
        {
            return RunErrors.NotFound(command.Id);
        }

        var deleted = await repository.DeleteAsync(
            command.TenantId,
            id,
            run => command.Condition.Check(run),
            cancellationToken
        );
        return deleted.TryGetValue(out _, out var error) ? Unit.Value : error;
    }
}
