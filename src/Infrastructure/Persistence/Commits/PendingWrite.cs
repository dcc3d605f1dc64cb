using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>A write that waits to be committed.</summary>
/// <param name="tenantId">The tenant that it belongs to.</param>
/// <param name="size">About how many bytes of memory it occupies.</param>
/// <param name="cancellationToken">
/// Canceled when its caller is gone: a write that is not being committed yet is then dropped.
/// </param>
internal abstract class PendingWrite(TenantId tenantId, long size, CancellationToken cancellationToken)
{
    public TenantId TenantId => tenantId;

    public long Size => size;

    public bool IsAbandoned => cancellationToken.IsCancellationRequested;

    /// <summary><see cref="TimeProvider"/> timestamp of the moment at which it was queued.</summary>
    public long Queued { get; set; }

    /// <summary>
    /// <see cref="TimeProvider"/> timestamp since which it waits for a lock of another transaction; 0 if it met none.
    /// </summary>
    public long LockWaitStarted { get; set; }

    /// <summary>
    /// Whether it was queued while its tenant waited for a lock, so that it is committed apart from other tenants'
    /// writes.
    /// </summary>
    public bool IsSuspect { get; set; }

    /// <summary>Completes the caller: the commit is on disk.</summary>
    public abstract void Succeed();

    /// <summary>Fails the caller: the write was not committed, or its outcome is unknown.</summary>
    public abstract void Fail(Exception exception);
}

/// <summary>A new run, which depends on nothing that is stored but its idempotency key.</summary>
internal sealed class PendingInsert(Run run, IdempotencyKey? key, CancellationToken cancellationToken)
    : PendingWrite(run.TenantId, SizeOf(run) + (key is null ? 0 : KeySize), cancellationToken)
{
    // In bytes, beside the texts: the objects themselves and their places in arrays.
    private const int Overhead = 1024;
    private const int KeySize = 512;

    // The caller continues on another thread: the next commit must not wait for it.
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether the run is stored, once the commit is on disk.</summary>
    public Task<bool> Completion => _completion.Task;

    public Run Run => run;

    public IdempotencyKey? Key => key;

    /// <summary>False when another request has used the key. Then nothing of the run is stored.</summary>
    public bool IsFirst { get; set; } = true;

    public override void Succeed() => _completion.TrySetResult(IsFirst);

    public override void Fail(Exception exception) => _completion.TrySetException(exception);

    private static long SizeOf(Run run)
    {
        long size = Overhead + (sizeof(char) * ((long)run.Statistics.Json.Length + (run.BlockingError?.Json.Length ?? 0)));
        foreach (var activity in run.Activities)
        {
            size += Overhead + (sizeof(char) * ((long)(activity.BlockingError?.Json.Length ?? 0) + (activity.Activity?.Json.Length ?? 0)));
        }

        return size;
    }
}

/// <summary>A write that is decided on what is stored.</summary>
internal abstract class PendingUpdate(TenantId tenantId, RunKey? locks, long size, CancellationToken cancellationToken)
    : PendingWrite(tenantId, size + Overhead, cancellationToken)
{
    // In bytes: the objects that belong to a request.
    private const int Overhead = 2048;

    /// <summary>The run that must not change meanwhile; null when the write depends on no run.</summary>
    public RunKey? Locks => locks;

    /// <summary>The name of another lock that it takes, by which a batch is sorted; empty when it takes none.</summary>
    public string LockName { get; init; } = "";

    /// <summary>Decides and changes. Called again when the transaction has to be repeated.</summary>
    public abstract Task ApplyAsync(UpdateTransaction transaction, CancellationToken cancellationToken);
}

/// <inheritdoc />
internal sealed class PendingUpdate<T>(
    TenantId tenantId, RunKey? locks, long size, Func<UpdateTransaction, CancellationToken, Task<T>> decide, CancellationToken cancellationToken)
    : PendingUpdate(tenantId, locks, size, cancellationToken)
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? _outcome;

    /// <summary>The answer, once the commit is on disk.</summary>
    public Task<T> Completion => _completion.Task;

    public override async Task ApplyAsync(UpdateTransaction transaction, CancellationToken cancellationToken) =>
        _outcome = await decide(transaction, cancellationToken);

    public override void Succeed() => _completion.TrySetResult(_outcome!);

    public override void Fail(Exception exception) => _completion.TrySetException(exception);
}

/// <summary>A run among those of all tenants.</summary>
internal readonly record struct RunKey(TenantId TenantId, RunId Id);
