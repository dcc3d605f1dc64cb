using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.GroupCommit;

/// <summary>The insertion of a new run. Of the stored data, it depends only on its idempotency key.</summary>
internal sealed class PendingInsert(Run run, IdempotencyKey? key, CancellationToken cancellationToken)
    : PendingWrite(run.TenantId, SizeOf(run) + (key is null ? 0 : KeySize), cancellationToken)
{
    // The sizes in bytes, without the strings: the objects themselves and their references in arrays.
    private const int Overhead = 1024;
    private const int KeySize = 512;

    private readonly TaskCompletionSource<bool> _completion = new();

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
