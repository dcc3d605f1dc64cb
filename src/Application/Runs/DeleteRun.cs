using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Deletes a run.</summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The run's id.</param>
/// <param name="Condition">The condition on the version of the run.</param>
public sealed record DeleteRunCommand(TenantId TenantId, RunId Id, VersionCondition Condition) : ICommand<Result<Unit>>;

internal sealed class DeleteRunHandler(IRunRepository repository) : ICommandHandler<DeleteRunCommand, Result<Unit>>
{
    public async ValueTask<Result<Unit>> Handle(DeleteRunCommand command, CancellationToken cancellationToken)
    {
        var deleted = await repository.DeleteAsync(
            command.TenantId,
            command.Id,
            run => command.Condition.Check(run),
            cancellationToken
        );
        return deleted.TryGetValue(out _, out var error) ? Unit.Value : error;
    }
}
