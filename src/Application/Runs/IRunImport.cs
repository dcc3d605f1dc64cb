using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>Stores many new runs at once.</summary>
public interface IRunImport
{
    /// <summary>
    /// Stores new runs, their idempotency keys and the record of their portion in one transaction. When the method
    /// returns, they are on disk.
    /// </summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="runs">The runs.</param>
    /// <param name="portion">The portion to record.</param>
    /// <param name="now">The current time of the server.</param>
    /// <param name="cancellationToken">Cancels the operation before the runs are committed.</param>
    /// <returns>
    /// What was found of the idempotency keys; an error if another import has added the portion meanwhile.
    /// </returns>
    Task<Result<KeyedOutcome>> AddAsync(
        TenantId tenantId,
        IReadOnlyList<KeyedRun> runs,
        ImportPortion portion,
        DateTimeOffset now,
        CancellationToken cancellationToken
    );

    /// <summary>Finds the portions that end with one of the lines.</summary>
    Task<IReadOnlyList<ImportedLines>> FindAsync(
        TenantId tenantId,
        IReadOnlyList<Guid> lineKeys,
        CancellationToken cancellationToken
    );
}

/// <summary>A new run with its idempotency key.</summary>
/// <param name="Run">The run.</param>
/// <param name="Key">The key; null if it has none.</param>
public sealed record KeyedRun(Run Run, IdempotencyKey? Key);

/// <summary>The runs that were not stored because their idempotency keys are used.</summary>
/// <param name="Repeated">The number of runs whose keys were used for the same content.</param>
/// <param name="Reused">The positions of the runs whose keys were used for other content.</param>
public sealed record KeyedOutcome(int Repeated, IReadOnlyList<int> Reused);
