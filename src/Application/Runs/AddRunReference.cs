using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Adds an existing run to the collection of runs by reference. It is a member already, so nothing changes.
/// </summary>
/// <param name="TenantId">The tenant that owns the run.</param>
/// <param name="Id">The last segment of the reference.</param>
public sealed record AddRunReferenceCommand(TenantId TenantId, string Id) : ICommand<Result<Unit>>;

internal sealed class AddRunReferenceHandler(IRunReader runs) : ICommandHandler<AddRunReferenceCommand, Result<Unit>>
{
    public async ValueTask<Result<Unit>> Handle(AddRunReferenceCommand command, CancellationToken cancellationToken) =>
        RunId.TryParse(command.Id) is { } id && await runs.ExistsAsync(command.TenantId, id, cancellationToken)
            ? Unit.Value
            : RunErrors.NotFound(command.Id);
}
