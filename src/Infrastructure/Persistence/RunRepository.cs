using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.Commits;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Stores runs in PostgreSQL. Every write goes through the <see cref="CommitQueue"/> and returns when its commit is on
/// disk.
/// </summary>
internal sealed partial class RunRepository(CommitQueue queue) : IRunRepository
{
    public Task AddAsync(Run run, CancellationToken cancellationToken) =>
        queue.InsertAsync(new PendingInsert(run, key: null, cancellationToken));
}
