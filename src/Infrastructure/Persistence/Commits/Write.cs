using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>What one request waits to have committed.</summary>
/// <param name="size">About how many bytes of memory it holds.</param>
/// <param name="cancellationToken">The request is gone: what is not being committed yet need not be.</param>
internal abstract class Write(int size, CancellationToken cancellationToken)
{
    public int Size => size;

    public bool IsAbandoned => cancellationToken.IsCancellationRequested;

    /// <summary>Since when it waits for a run that somebody else keeps locked, as a timestamp of the clock; 0 when it does not.</summary>
    public long WaitsSince { get; set; }

    /// <summary>Its commit is on disk.</summary>
    public abstract void Succeed();

    /// <summary>It was not committed, or nobody knows.</summary>
    public abstract void Fail(Exception exception);
}

/// <inheritdoc />
internal abstract class Write<T>(int size, CancellationToken cancellationToken) : Write(size, cancellationToken)
{
    // Whoever waits goes on elsewhere: the next commit must not wait for them.
    private readonly TaskCompletionSource<T> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What to answer.</summary>
    public Task<T> End => _end.Task;

    protected T? Outcome { get; set; }

    public override void Succeed() => _end.TrySetResult(Outcome!);

    public override void Fail(Exception exception) => _end.TrySetException(exception);
}

/// <summary>A new run, which depends on nothing that is stored.</summary>
internal sealed class Insertion(Run run, CancellationToken cancellationToken) : Write<Run>(SizeOf(run), cancellationToken)
{
    // Beside the texts: the objects themselves and their places in arrays.
    private const int Overhead = 1024;

    public Run Run => run;

    public override void Succeed()
    {
        Outcome = run;
        base.Succeed();
    }

    private static int SizeOf(Run run) =>
        Overhead + (sizeof(char) * (run.Statistics.Json.Length + (run.BlockingError?.Json.Length ?? 0)))
        + run.Activities.Sum(a => Overhead + (sizeof(char) * ((a.BlockingError?.Json.Length ?? 0) + (a.Flow?.Json.Length ?? 0))));
}

/// <summary>A change that is decided on what is stored.</summary>
internal interface IChange
{
    /// <summary>The run that must not change meanwhile; null when it depends on none.</summary>
    RunKey? Locks { get; }

    /// <summary>Decides and changes. Called again should the transaction have to be repeated.</summary>
    Task DecideAsync(ChangeTransaction transaction, CancellationToken cancellationToken);
}

/// <inheritdoc />
internal sealed class Change<T>(RunKey? locks, Func<ChangeTransaction, CancellationToken, Task<T>> decide, CancellationToken cancellationToken)
    : Write<T>(UsualSize, cancellationToken), IChange
{
    private const int UsualSize = 32 * 1024;

    public RunKey? Locks => locks;

    public async Task DecideAsync(ChangeTransaction transaction, CancellationToken cancellationToken) => Outcome = await decide(transaction, cancellationToken);
}

/// <summary>Which run, of all tenants'.</summary>
internal readonly record struct RunKey(TenantId TenantId, RunId Id);
