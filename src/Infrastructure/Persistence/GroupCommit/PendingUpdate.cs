using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

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
    private readonly TaskCompletionSource<T> _completion = new();
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
