using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs.Live;

/// <summary>
/// Subscribes to the changes of a tenant's runs from a position on. No change is missed, but a change may be returned
/// more than once. The subscription holds no connection of the database while it waits.
/// </summary>
/// <param name="Query">The query whose changes are followed.</param>
/// <param name="Cursor">The position of the reader; null to begin now.</param>
public sealed record SubscribeToRunChangesQuery(RunChangeQuery Query, DeltaCursor? Cursor)
    : IQuery<Result<IRunChangeSubscription>>;

/// <summary>A query whose changes can be followed.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Text">
/// The text that identifies the query among the queries of the tenant. Subscriptions with the same text share their
/// reads and the encoded events.
/// </param>
/// <param name="Criteria">The criteria that select the runs. Runs no longer selected are reported as removed.</param>
/// <param name="Columns">The large columns to read.</param>
/// <param name="Encoder">Encodes the events. It must depend on nothing but the tenant and the text.</param>
public sealed record RunChangeQuery(
    TenantId TenantId,
    string Text,
    RunCriteria Criteria,
    RunColumns Columns,
    IRunChangeEncoder Encoder
);

/// <summary>A reader of changes. It is used by one request. Its disposal ends the subscription.</summary>
public interface IRunChangeSubscription : IDisposable
{
    /// <summary>The position at which the subscription begins.</summary>
    DeltaCursor Start { get; }

    /// <summary>Waits for the next event.</summary>
    /// <param name="maxWait">The maximum time to wait.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>
    /// The event; null if there was none within the time. After <see cref="RunChangeEventKind.Gone"/> there are no more
    /// events.
    /// </returns>
    ValueTask<RunChangeEvent?> ReadAsync(TimeSpan maxWait, CancellationToken cancellationToken);
}

internal sealed class SubscribeToRunChangesHandler(RunChangeFeeds feeds)
    : IQueryHandler<SubscribeToRunChangesQuery, Result<IRunChangeSubscription>>
{
    public async ValueTask<Result<IRunChangeSubscription>> Handle(
        SubscribeToRunChangesQuery query,
        CancellationToken cancellationToken
    ) => await feeds.SubscribeAsync(query.Query, query.Cursor, cancellationToken);
}
