using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.Commits;

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

    /// <summary>Completes the caller's task after the commit is on disk.</summary>
    public abstract void Succeed();

    /// <summary>Fails the caller's task. The write was not committed, or its outcome is unknown.</summary>
    public abstract void Fail(Exception exception);
}

/// <summary>The insertion of a new run. Of the stored data, it depends only on its idempotency key.</summary>
internal sealed class PendingInsert(Run run, IdempotencyKey? key, CancellationToken cancellationToken)
    : PendingWrite(run.TenantId, SizeOf(run) + (key is null ? 0 : KeySize), cancellationToken)
{
    // The sizes in bytes, without the strings: the objects themselves and their references in arrays.
    private const int Overhead = 1024;
    private const int KeySize = 512;

    // The caller continues on another thread, so that the next commit does not wait for the caller.
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// The task that completes when the commit is on disk. Its result is true if the run is stored.
    /// </summary>
    public Task<bool> Completion => _completion.Task;

    public Run Run => run;

    public IdempotencyKey? Key => key;

    /// <summary>False if another request has used the idempotency key. Nothing of the run is stored then.</summary>
    public bool IsFirst { get; set; } = true;

    public override void Succeed() => _completion.TrySetResult(IsFirst);

    public override void Fail(Exception exception) => _completion.TrySetException(exception);

    private static long SizeOf(Run run)
    {
        long size =
            Overhead + (sizeof(char) * ((long)run.Statistics.Json.Length + (run.BlockingError?.Json.Length ?? 0)));
        foreach (var activity in run.Activities)
        {
            size +=
                Overhead
                + (
                    sizeof(char)
                    * ((long)(activity.BlockingError?.Json.Length ?? 0) + (activity.Activity?.Json.Length ?? 0))
                );
        }

        return size;
    }
}

/// <summary>A write that depends on stored data.</summary>
internal abstract class PendingUpdate(TenantId tenantId, RunKey? locks, long size, CancellationToken cancellationToken)
    : PendingWrite(tenantId, size + Overhead, cancellationToken)
{
    // The size in bytes of the objects of a request.
    private const int Overhead = 2048;

    /// <summary>
    /// The run that other transactions must not change until the commit; null if the write depends on no run.
    /// </summary>
    public RunKey? Locks => locks;

    /// <summary>
    /// The name of another lock that the write takes; empty if it takes none. Batches are sorted by it.
    /// </summary>
    public string LockName { get; init; } = "";

    /// <summary>
    /// Reads the stored data and applies the change. It is called again if the transaction has to be repeated.
    /// </summary>
    public abstract Task ApplyAsync(UpdateTransaction transaction, CancellationToken cancellationToken);
}

/// <inheritdoc />
internal sealed class PendingUpdate<T>(
    TenantId tenantId,
    RunKey? locks,
    long size,
    Func<UpdateTransaction, CancellationToken, Task<T>> decide,
    CancellationToken cancellationToken
) : PendingUpdate(tenantId, locks, size, cancellationToken)
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _outcome;

    /// <summary>The task that completes with the result of the change when the commit is on disk.</summary>
    public Task<T> Completion => _completion.Task;

    public override async Task ApplyAsync(UpdateTransaction transaction, CancellationToken cancellationToken) =>
        _outcome = await decide(transaction, cancellationToken);

    public override void Succeed() => _completion.TrySetResult(_outcome!);

    public override void Fail(Exception exception) => _completion.TrySetException(exception);
}

/// <summary>Identifies a run among the runs of all tenants.</summary>
internal readonly record struct RunKey(TenantId TenantId, RunId Id);
