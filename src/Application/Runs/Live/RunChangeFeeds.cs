using System.Collections.Concurrent;
using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.Logging;

namespace IndustryData.Application.Runs.Live;

/// <summary>
/// The feeds that have readers: one for each tenant and query. A feed begins with its first reader and ends with its
/// last. Thread-safe.
/// </summary>
internal sealed class RunChangeFeeds : IRunChangeSignal, IDisposable
{
    // Feeds share these walks, so that any number of them leaves connections of the database to other reads.
    private const int MaxWalks = 2;

    private readonly Lock _lock = new();
    private readonly Dictionary<(Guid TenantId, string Text), RunChangeFeed> _feeds = [];
    private readonly ConcurrentDictionary<Guid, RunChangeFeed[]> _byTenant = new();
    private readonly Resources _resources;
    private volatile bool _isWatched;

    public RunChangeFeeds(
        IRunReader runs,
        IDatabaseHealth health,
        TimeProvider clock,
        ILogger<RunChangeFeeds> logger
    ) =>
        _resources = new Resources(
            runs,
            new RunChangeWalk(runs),
            new SemaphoreSlim(MaxWalks),
            new RunChangeRing.Memory(),
            Retire,
            health,
            clock,
            logger
        );

    /// <inheritdoc />
    public bool IsWatched => _isWatched;

    /// <inheritdoc />
    public void Touch(TenantId tenantId)
    {
        if (_byTenant.TryGetValue(tenantId.Value, out var feeds))
        {
            foreach (var feed in feeds)
            {
                feed.Touch();
            }
        }
    }

    /// <summary>Subscribes a reader.</summary>
    /// <param name="query">The query.</param>
    /// <param name="from">The position of the reader; null to begin now.</param>
    /// <param name="cancellationToken">Cancels the subscription.</param>
    /// <returns>The subscription, or an error if the position is no longer valid.</returns>
    public async Task<Result<IRunChangeSubscription>> SubscribeAsync(
        RunChangeQuery query,
        DeltaCursor? from,
        CancellationToken cancellationToken
    )
    {
        var feed = Join(query);
        try
        {
            await feed.Started.WaitAsync(cancellationToken);

            // The place in the ring is taken before the walk. What is committed in between may be returned twice, and
            // nothing is missed.
            var position = feed.Ring.End;
            if (from is null)
            {
                return Subscription(feed, position, feed.Cursor, first: null);
            }

            var walked = await feed.CatchUpAsync(from, cancellationToken);
            if (walked.TryGetValue(out var result, out var error))
            {
                return Subscription(feed, position, from, result.Event);
            }

            Leave(feed);
            return error;
        }
        catch
        {
            Leave(feed);
            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var feed in _feeds.Values)
            {
                feed.Dispose();
            }
        }
    }

    private Result<IRunChangeSubscription> Subscription(
        RunChangeFeed feed,
        long position,
        DeltaCursor start,
        RunChangeEvent? first
    ) => new(new RunChangeSubscription(feed, position, start, first, _resources.Clock, Leave));

    private RunChangeFeed Join(RunChangeQuery query)
    {
        lock (_lock)
        {
            var key = (query.TenantId.Value, query.Text);
            if (!_feeds.TryGetValue(key, out var feed))
            {
                // Commits signal the feed before it reads its first position.
                feed = new RunChangeFeed(query, _resources);
                _feeds.Add(key, feed);
                _byTenant[feed.Key.TenantId] = [.. _byTenant.GetValueOrDefault(feed.Key.TenantId, []), feed];
                _isWatched = true;
            }

            feed.Readers++;
            return feed;
        }
    }

    private void Leave(RunChangeFeed feed)
    {
        lock (_lock)
        {
            if (--feed.Readers == 0)
            {
                Remove(feed);
                feed.Dispose();
            }
        }
    }

    /// <summary>Removes a feed whose position is no longer valid. Its readers leave by themselves.</summary>
    private void Retire(RunChangeFeed feed)
    {
        lock (_lock)
        {
            Remove(feed);
        }
    }

    private void Remove(RunChangeFeed feed)
    {
        if (_feeds.GetValueOrDefault(feed.Key) != feed)
        {
            return;
        }

        _feeds.Remove(feed.Key);
        var others = _byTenant[feed.Key.TenantId].Where(f => f != feed).ToArray();
        if (others.Length > 0)
        {
            _byTenant[feed.Key.TenantId] = others;
        }
        else
        {
            _byTenant.TryRemove(feed.Key.TenantId, out _);
        }

        _isWatched = _feeds.Count > 0;
    }

    /// <summary>The resources that the feeds share.</summary>
    /// <param name="Runs">Reads positions and changes.</param>
    /// <param name="Walk">Reads the changes for one event.</param>
    /// <param name="Walks">Limits the walks at the same time.</param>
    /// <param name="Memory">The memory of the rings.</param>
    /// <param name="Retire">Removes a feed whose position is no longer valid.</param>
    /// <param name="Health">Tells outages of the database from other failures.</param>
    /// <param name="Clock">The clock.</param>
    /// <param name="Logger">The log.</param>
    internal sealed record Resources(
        IRunReader Runs,
        RunChangeWalk Walk,
        SemaphoreSlim Walks,
        RunChangeRing.Memory Memory,
        Action<RunChangeFeed> Retire,
        IDatabaseHealth Health,
        TimeProvider Clock,
        ILogger Logger
    );
}
