using IndustryData.Application.Common;
using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>A write that waits to be committed.</summary>
/// <param name="tenantId">The tenant of the write.</param>
/// <param name="size">The approximate number of bytes of memory that the write occupies.</param>
/// <param name="cancellationToken">
/// Canceled if the caller no longer waits. The write is then dropped, unless its commit has started.
/// </param>
internal abstract class PendingWrite(TenantId tenantId, long size, CancellationToken cancellationToken)
{
    public TenantId TenantId => tenantId;

    public long Size => size;

    public bool IsAbandoned => cancellationToken.IsCancellationRequested;

    /// <summary>The <see cref="TimeProvider"/> timestamp at which the write was queued.</summary>
    public long Queued { get; set; }

    /// <summary>
    /// The <see cref="TimeProvider"/> timestamp at which the write started to wait for a lock of another transaction; 0
    /// if it does not wait for a lock.
    /// </summary>
    public long LockWaitStarted { get; set; }

    /// <summary>
    /// True if the write was queued while its tenant waited for a lock. It is then committed separately from the writes
    /// of other tenants.
    /// </summary>
    public bool IsSuspect { get; set; }

    /// <summary>The position of the database that includes the write; null if it was not read.</summary>
    public DatabasePosition? Position { get; set; }

    /// <summary>Completes the caller's task after the commit is on disk. The caller continues on this thread.</summary>
    public abstract void Succeed();

    /// <summary>
    /// Fails the caller's task. The write was not committed, or its outcome is unknown. The caller continues on this
    /// thread.
    /// </summary>
    public abstract void Fail(Exception exception);
}
