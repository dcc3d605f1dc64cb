using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;

namespace IndustryData.WebApi.Http;

/// <summary>Discards large request bodies that the service has not read, a few at a time.</summary>
/// <remarks>
/// Kestrel reads the rest of a refused body, even if the connection is closed after the response, because many clients
/// read the response only after they have sent the body. If hundreds of large bodies are refused at once, reading them
/// all at once delays the requests of every other caller.
/// </remarks>
internal static class UnreadBodyMiddleware
{
    /// <summary>The maximum length of a body that needs no turn, in bytes.</summary>
    public const int MaxSmallBytes = 64 * 1024;

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    // A turn ends if the client sends less than MaxSmallBytes in this time, so that slow clients do not delay others.
    private static readonly TimeSpan _maxGap = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _maxTurn = TimeSpan.FromMilliseconds(200);

    private static readonly SemaphoreSlim _turns = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Processes a request and then discards what is left of its body.</summary>
    public static Task InvokeAsync(HttpContext http, RequestDelegate next) =>
        MayHaveLargeBody(http.Request) ? InvokeAndDiscardAsync(http, next) : next(http);

    // HTTP/2 need not read a refused body: the server resets the stream.
    private static bool MayHaveLargeBody(HttpRequest request) =>
        (
            request.ContentLength > MaxSmallBytes
            || (request.ContentLength is null && request.Headers.TransferEncoding.Count > 0)
        ) && request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal);

    private static async Task InvokeAndDiscardAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        var body = http.Request.BodyReader;
        var closed = http.Features.Get<IConnectionLifetimeFeature>()?.ConnectionClosed ?? CancellationToken.None;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(closed);
        try
        {
            await http.Response.CompleteAsync();

            // Canceling a read by a token would leave the reader of Kestrel in the state "reading".
            await using var wakeUp = timeout.Token.UnsafeRegister(CancelRead, body);
            timeout.CancelAfter(_timeout);
            await DiscardAsync(body, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            http.Abort();
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException)
        {
            // The body is too long or malformed, the client closed the connection, or the endpoint left a read
            // unfinished. Kestrel fails in the same way and closes the connection.
        }
    }

    private static async Task DiscardAsync(PipeReader body, CancellationToken timeout)
    {
        for (var bytes = 0L; bytes <= MaxSmallBytes; )
        {
            var part = await DiscardNextAsync(body);
            if (part.IsLast)
            {
                return;
            }

            timeout.ThrowIfCancellationRequested();
            bytes += part.Bytes;
        }

        while (true)
        {
            await _turns.WaitAsync(timeout);
            try
            {
                if (await TakeTurnAsync(body))
                {
                    return;
                }
            }
            finally
            {
                _turns.Release();
            }

            // The next turn is taken when the client has sent something.
            if ((await DiscardNextAsync(body)).IsLast)
            {
                return;
            }

            timeout.ThrowIfCancellationRequested();
        }
    }

    // Discards what the client sends until the turn is over, or the client sends too little. Returns true if the body
    // has been read completely.
    private static async Task<bool> TakeTurnAsync(PipeReader body)
    {
        using var gap = new CancellationTokenSource(_maxGap);
        await using var wakeUp = gap.Token.UnsafeRegister(CancelRead, body);
        var start = Stopwatch.GetTimestamp();
        var bytes = 0L;
        do
        {
            var part = await DiscardNextAsync(body);
            if (part.IsLast || part.IsCanceled)
            {
                return part.IsLast;
            }

            bytes += part.Bytes;
            if (bytes > MaxSmallBytes)
            {
                bytes = 0;
                gap.CancelAfter(_maxGap);
            }
        } while (Stopwatch.GetElapsedTime(start) < _maxTurn);

        return false;
    }

    private static async ValueTask<(long Bytes, bool IsLast, bool IsCanceled)> DiscardNextAsync(PipeReader body)
    {
        if (!body.TryRead(out var read))
        {
            read = await body.ReadAsync(CancellationToken.None);
        }

        var bytes = read.Buffer.Length;
        body.AdvanceTo(read.Buffer.End);
        return (bytes, read.IsCompleted, read.IsCanceled);
    }

    private static void CancelRead(object? body)
    {
        try
        {
            ((PipeReader)body!).CancelPendingRead();
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The connection was aborted, which ends the read too. An exception of a timer would end the process.
        }
    }
}
