using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Adds an existing run to the collection of runs by reference. It is a member already, so nothing changes.
/// </summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The id of the run to which the reference points.</param>
public sealed record AddRunReferenceCommand(TenantId TenantId, RunId Id) : ICommand<Result<Unit>>;

internal sealed class AddRunReferenceHandler(IRunReader runs) : ICommandHandler<AddRunReferenceCommand, Result<Unit>>
{
    public async ValueTask<Result<Unit>> Handle(AddRunReferenceCommand command, CancellationToken cancellationToken) =>
        await runs.ExistsAsync(command.TenantId, command.Id, cancellationToken) ? Unit.Value : RunErrors.NotFound;
}
