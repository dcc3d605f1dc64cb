using System.Data.Common;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Commits;

/// <summary>
/// Commits what requests wait for. While one commit is flushed to disk others queue up, and all of them share the next; a lone request goes
/// straight through, because nothing here waits for a time or for a number.
/// </summary>
internal sealed class CommitQueue([FromKeyedServices(DataSources.Commits)] NpgsqlDataSource database, IServiceScopeFactory scopes, TimeProvider clock) : BackgroundService
{
    // As many as the measurements that this design rests on had at most (docs/adr/0008).
    private const int MostAtOnce = 256;
    private const int MostBytesAtOnce = 8 * 1024 * 1024;

    /// <summary>What may wait. Whoever comes then is refused at once, before anything is stored.</summary>
    private const int Capacity = 8192;
    private const long CapacityBytes = 64 * 1024 * 1024;

    private const int Attempts = 3;

    // For a run that somebody else keeps locked: how long, and how often to look.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    // A lone request begins its commit itself, on its own thread, instead of waking another one for it.
    private readonly Channel<Write> _queue = Channel.CreateBounded<Write>(new BoundedChannelOptions(Capacity) { SingleReader = true, AllowSynchronousContinuations = true });
    private long _bytes;

    /// <summary>Commits a write.</summary>
    /// <returns>What the write answers, once its commit is on disk.</returns>
    /// <exception cref="QueueFullException">Too much waits already; nothing was stored.</exception>
    public Task<T> CommitAsync<T>(Write<T> write)
    {
        if (Interlocked.Add(ref _bytes, write.Size) > CapacityBytes || !_queue.Writer.TryWrite(write))
        {
            Interlocked.Add(ref _bytes, -write.Size);
            throw new QueueFullException();
        }

        // Not to be given up: the write may be in a commit already.
        return write.End;
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Stopping takes nothing more in and commits what is there.
        await using var stopping = stoppingToken.Register(() => _queue.Writer.TryComplete());
        var (insertions, changes) = (new List<Insertion>(), new List<Write>());
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            for (long bytes = 0, count = 0; count < MostAtOnce && bytes < MostBytesAtOnce && _queue.Reader.TryRead(out var write); count++)
            {
                Interlocked.Add(ref _bytes, -write.Size);
                bytes += write.Size;
                if (write.IsAbandoned)
                {
                    write.Fail(new OperationCanceledException());
                }
                else if (write is Insertion insertion)
                {
                    insertions.Add(insertion);
                }
                else
                {
                    changes.Add(write);
                }
            }

            await CommitAsync(insertions, InsertAsync);
            await CommitAsync(changes, ChangeAsync);
            insertions.Clear();
            changes.Clear();
        }
    }

    /// <summary>Commits writes together; those that cannot be, each by itself, so that one that the database refuses fails alone.</summary>
    private static async Task CommitAsync<TWrite>(List<TWrite> writes, Func<List<TWrite>, Task> commit, int attempt = 1)
        where TWrite : Write
    {
        if (writes.Count == 0)
        {
            return;
        }

        try
        {
            await commit(writes);
        }
        catch (Exception refused) when (IsAboutTheseAlone(refused) && writes.Count > 1)
        {
            var half = writes.Count / 2;
            await CommitAsync(writes[..half], commit);
            await CommitAsync(writes[half..], commit);
        }
        catch (Exception refused) when (IsOtherNextTime(refused) && attempt < Attempts)
        {
            await CommitAsync(writes, commit, attempt + 1);
        }
        catch (Exception exception)
        {
            foreach (var write in writes)
            {
                write.Fail(exception);
            }
        }
    }

    private async Task InsertAsync(List<Insertion> insertions)
    {
        await using var connection = await database.OpenConnectionAsync();
        await ChangeTransaction.InsertAsync(insertions.ConvertAll(i => i.Run), new CountChanges(), connection, CancellationToken.None);
        insertions.ForEach(i => i.Succeed());
    }

    private async Task ChangeAsync(List<Write> changes)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = scope.ServiceProvider.GetRequiredService<IndustryDataContext>();
        var waiting = await ChangeTransaction.CommitAsync(context, changes.ConvertAll(c => (IChange)c), CancellationToken.None);
        foreach (var change in changes)
        {
            if (waiting.Contains((IChange)change))
            {
                _ = WaitAsync(change);
            }
            else
            {
                change.Succeed();
            }
        }
    }

    private async Task WaitAsync(Write change)
    {
        change.WaitsSince = change.WaitsSince == 0 ? clock.GetTimestamp() : change.WaitsSince;
        await Task.Delay(_pause, clock);
        if (clock.GetElapsedTime(change.WaitsSince) > _patience)
        {
            change.Fail(new TimeoutException("Another transaction keeps the run locked."));
        }
        else if (_queue.Writer.TryWrite(change))
        {
            Interlocked.Add(ref _bytes, change.Size);
        }
        else
        {
            change.Fail(new QueueFullException());
        }
    }

    // PostgreSQL, appendix A. With these the transaction was rolled back because of what was to be written, and not because of how the server is. What
    // is no exception of the server's or of the way to it was thrown while one of them was decided.
    private static bool IsAboutTheseAlone(Exception refused) =>
        Class(refused) is "21" or "22" or "23" or "40" or "54" or "P0"
        || refused.GetBaseException() is not (DbException or IOException or SocketException or TimeoutException or OperationCanceledException);

    private static bool IsOtherNextTime(Exception refused) => Class(refused) is "40";

    private static string? Class(Exception refused) => (refused as PostgresException ?? refused.InnerException as PostgresException)?.SqlState[..2];
}

/// <summary>More waits to be committed than may.</summary>
internal sealed class QueueFullException() : Exception("The queue of writes is full.");
