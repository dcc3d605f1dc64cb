namespace IndustryData.Domain.Runs;

/// <summary>
/// Where runs are kept. Each method returns once its work is committed and flushed to disk, not before.
/// </summary>
public interface IRunRepository
{
    /// <summary>Keeps a new run.</summary>
    Task AddAsync(Run run, CancellationToken cancellationToken);

    /// <summary>
    /// Keeps a new run, unless a request of the same key has done so within <see cref="IdempotencyKey.TimeToLive"/>, be it at
    /// the same moment.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="key">The request's key.</param>
    /// <param name="cancellationToken">Gives up before the run is committed.</param>
    /// <returns>
    /// The answer to the first request: this one's, or the one before; or that the key was used for another body.
    /// </returns>
    Task<Result<IdempotentOutcome>> AddIdempotentAsync(Run run, IdempotencyKey key, CancellationToken cancellationToken);

    /// <summary>Changes a run, one caller after the other.</summary>
    /// <param name="tenantId">Whose run it is.</param>
    /// <param name="id">Which run.</param>
    /// <param name="size">About how many bytes of memory the change occupies while it waits.</param>
    /// <param name="change">Decides on the run as it is now; what it changes is kept when it succeeds.</param>
    /// <param name="cancellationToken">Gives up before the change is committed.</param>
    /// <returns>The run; the refusal of <paramref name="change"/>; or that there is no such run.</returns>
    Task<Result<Run>> UpdateAsync(TenantId tenantId, RunId id, long size, Func<Run, Error?> change, CancellationToken cancellationToken);

    /// <summary>Adds an activity to a run.</summary>
    /// <param name="tenantId">Whose run it is.</param>
    /// <param name="id">Which run.</param>
    /// <param name="key">The request's key, if it has one: then a repeat adds no second activity.</param>
    /// <param name="now">The server's clock.</param>
    /// <param name="size">About how many bytes of memory the change occupies while it waits.</param>
    /// <param name="add">Makes the activity, of the run as it is now and the number of its activities.</param>
    /// <param name="cancellationToken">Gives up before the activity is committed.</param>
    /// <returns>
    /// The activity, of this request or the first one of its key; the refusal of <paramref name="add"/>; that the key
    /// was used for another body; or that there is no such run.
    /// </returns>
    Task<Result<RunActivity>> AddActivityAsync(
        TenantId tenantId, RunId id, IdempotencyKey? key, DateTimeOffset now, long size, Func<Run, int, Result<RunActivity>> add, CancellationToken cancellationToken);

    /// <summary>Changes an activity of a run.</summary>
    /// <param name="tenantId">Whose run it is.</param>
    /// <param name="id">Which run.</param>
    /// <param name="activityId">Which of its activities.</param>
    /// <param name="size">About how many bytes of memory the change occupies while it waits.</param>
    /// <param name="change">Decides on both as they are now.</param>
    /// <param name="cancellationToken">Gives up before the change is committed.</param>
    /// <returns>
    /// The activity; the refusal of <paramref name="change"/>; or that there is no such run or activity.
    /// </returns>
    Task<Result<RunActivity>> UpdateActivityAsync(
        TenantId tenantId, RunId id, ActivityId activityId, long size, Func<Run, RunActivity, Error?> change, CancellationToken cancellationToken);

    /// <summary>Deletes a run with all that belongs to it.</summary>
    /// <param name="tenantId">Whose run it is.</param>
    /// <param name="id">Which run.</param>
    /// <param name="precondition">Decides on the run as it is now: null to delete it.</param>
    /// <param name="cancellationToken">Gives up before the run is gone.</param>
    /// <returns>The run that was deleted; the refusal; or that there is no such run.</returns>
    Task<Result<Run>> DeleteAsync(TenantId tenantId, RunId id, Func<Run, Error?> precondition, CancellationToken cancellationToken);

    /// <summary>Keeps a new run that the service itself was asked to start, unless that happens too often.</summary>
    /// <param name="run">The run.</param>
    /// <param name="key">
    /// The request's key, if it has one: then a repeat starts no second run, and counts for nothing.
    /// </param>
    /// <param name="limit">How many starts are allowed within the window.</param>
    /// <param name="window">How far back starts count.</param>
    /// <param name="cancellationToken">Gives up before the run is committed.</param>
    /// <returns>
    /// The run that this request or the first one of its key started; that there were too many; or that the key was
    /// used for another body.
    /// </returns>
    Task<Result<RunId>> StartAsync(Run run, IdempotencyKey? key, int limit, TimeSpan window, CancellationToken cancellationToken);
}
