namespace IndustryData.Domain.Runs;

/// <summary>
/// Stores runs. Each method returns only after its changes are committed and flushed to disk.
/// </summary>
public interface IRunRepository
{
    /// <summary>Stores a new run.</summary>
    Task AddAsync(Run run, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a new run unless a request with the same key, including a concurrent one, has stored a run within
    /// <see cref="IdempotencyKey.TimeToLive"/>.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="key">The idempotency key.</param>
    /// <param name="cancellationToken">Cancels the operation before the run is committed.</param>
    /// <returns>
    /// The outcome of this request or of an earlier request with the key; an error if the key was used for another
    /// body.
    /// </returns>
    Task<Result<IdempotentOutcome>> AddIdempotentAsync(
        Run run,
        IdempotencyKey key,
        CancellationToken cancellationToken
    );

    /// <summary>Changes a run. Concurrent changes of a run are serialized.</summary>
    /// <param name="tenantId">The tenant that owns the run.</param>
    /// <param name="id">The id of the run.</param>
    /// <param name="size">The approximate memory that the change occupies while it waits, in bytes.</param>
    /// <param name="change">Changes the current run. Its changes are stored if it returns no error.</param>
    /// <param name="cancellationToken">Cancels the operation before the change is committed.</param>
    /// <returns>The run; the error of <paramref name="change"/>; or an error if the run does not exist.</returns>
    Task<Result<Run>> UpdateAsync(
        TenantId tenantId,
        RunId id,
        long size,
        Func<Run, Error?> change,
        CancellationToken cancellationToken
    );

    /// <summary>Adds an activity to a run.</summary>
    /// <param name="tenantId">The tenant that owns the run.</param>
    /// <param name="id">The id of the run.</param>
    /// <param name="key">The idempotency key, or null. With a key, a repeated request adds no second activity.</param>
    /// <param name="now">The current time of the server.</param>
    /// <param name="size">The approximate memory that the change occupies while it waits, in bytes.</param>
    /// <param name="add">Creates the activity from the current run and the number of its activities.</param>
    /// <param name="cancellationToken">Cancels the operation before the activity is committed.</param>
    /// <returns>
    /// The activity of this request or of the first request with the key; the error of <paramref name="add"/>; or an
    /// error if the key was used for a different body or the run does not exist.
    /// </returns>
    Task<Result<RunActivity>> AddActivityAsync(
        TenantId tenantId,
        RunId id,
        IdempotencyKey? key,
        DateTimeOffset now,
        long size,
        Func<Run, int, Result<RunActivity>> add,
        CancellationToken cancellationToken
    );

    /// <summary>Changes an activity of a run.</summary>
    /// <param name="tenantId">The tenant that owns the run.</param>
    /// <param name="id">The id of the run.</param>
    /// <param name="activityId">The id of the activity.</param>
    /// <param name="size">The approximate memory that the change occupies while it waits, in bytes.</param>
    /// <param name="change">Changes the current run and activity.</param>
    /// <param name="cancellationToken">Cancels the operation before the change is committed.</param>
    /// <returns>
    /// The activity; the error of <paramref name="change"/>; or an error if the run or the activity does not exist.
    /// </returns>
    Task<Result<RunActivity>> UpdateActivityAsync(
        TenantId tenantId,
        RunId id,
        ActivityId activityId,
        long size,
        Func<Run, RunActivity, Error?> change,
        CancellationToken cancellationToken
    );

    /// <summary>Deletes a run and all its data.</summary>
    /// <param name="tenantId">The tenant that owns the run.</param>
    /// <param name="id">The id of the run.</param>
    /// <param name="precondition">Checks the current run. The run is deleted if it returns null.</param>
    /// <param name="cancellationToken">Cancels the operation before the deletion is committed.</param>
    /// <returns>
    /// The deleted run; the error of <paramref name="precondition"/>; or an error if the run does not exist.
    /// </returns>
    Task<Result<Run>> DeleteAsync(
        TenantId tenantId,
        RunId id,
        Func<Run, Error?> precondition,
        CancellationToken cancellationToken
    );

    /// <summary>Stores a new run that the service starts, unless the limit for starts is reached.</summary>
    /// <param name="run">The run.</param>
    /// <param name="key">
    /// The idempotency key, or null. With a key, a repeated request starts no second run and does not count toward the
    /// limit.
    /// </param>
    /// <param name="limit">
    /// The limit for starts. It is checked against the tenant's starts while no other start can happen.
    /// </param>
    /// <param name="cancellationToken">Cancels the operation before the run is committed.</param>
    /// <returns>
    /// The id of the run that this request or the first request with the key started; or an error if the limit is
    /// reached or the key was used for a different body.
    /// </returns>
    Task<Result<RunId>> StartAsync(
        Run run,
        IdempotencyKey? key,
        StartRateLimit limit,
        CancellationToken cancellationToken
    );
}
