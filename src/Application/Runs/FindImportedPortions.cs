using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Finds the portions of a file that are imported already.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="LineKeys">The keys of consecutive lines.</param>
public sealed record FindImportedPortionsQuery(TenantId TenantId, IReadOnlyList<Guid> LineKeys)
    : IQuery<Result<IReadOnlyList<ImportedLines>>>;

/// <summary>A portion that is imported.</summary>
/// <param name="LastLineKey">The key of its last line.</param>
/// <param name="Refused">The number of its lines that were refused.</param>
public sealed record ImportedLines(Guid LastLineKey, int Refused);

internal sealed class FindImportedPortionsHandler(IRunImport import)
    : IQueryHandler<FindImportedPortionsQuery, Result<IReadOnlyList<ImportedLines>>>
{
    public async ValueTask<Result<IReadOnlyList<ImportedLines>>> Handle(
        FindImportedPortionsQuery query,
        CancellationToken cancellationToken
    ) => new(await import.FindAsync(query.TenantId, query.LineKeys, cancellationToken));
}
