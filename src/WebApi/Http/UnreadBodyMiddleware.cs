using System.IO.Pipelines;

namespace IndustryData.WebApi.Http;

/// <summary>Discards the request bodies that the service has not read, one at a time.</summary>
/// <remarks>
/// Kestrel reads the rest of a refused body, even if the connection is closed after the response, because many clients
/// read the response only after they have sent the body. If hundreds of large bodies are refused at once, reading them
/// all at once delays the requests of every other caller.
/// </remarks>
internal static class UnreadBodyMiddleware
{
    /// <summary>The maximum length of a body that Kestrel itself discards, in bytes.</summary>
    public const int MaxSmallBytes = 64 * 1024;

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    // A client that stops sending must not hold up the others.
    private static readonly TimeSpan _maxGap = TimeSpan.FromMilliseconds(20);

    private static readonly SemaphoreSlim _turn = new(1);

    /// <summary>Processes a request and then discards what is left of its body.</summary>
    public static Task InvokeAsync(HttpContext http, RequestDelegate next) =>
        MayHaveLargeBody(http.Request) ? InvokeAndDiscardAsync(http, next) : next(http);

    // HTTP/2 has no need to read a refused body: the server resets the stream.
    private static bool MayHaveLargeBody(HttpRequest request) =>
        (
            request.ContentLength > MaxSmallBytes
            || (request.ContentLength is null && request.Headers.TransferEncoding.Count > 0)
        ) && request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal);

    private static async Task InvokeAndDiscardAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);
        await http.Response.CompleteAsync();
        var body = http.Request.BodyReader;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        try
        {
            // A token would leave the reader of Kestrel unusable.
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
            // The body is too long or malformed, the client closed the connection, or the endpoint canceled a read.
            // Kestrel finds the same, and closes the connection.
        }
    }

    private static async Task DiscardAsync(PipeReader body, CancellationToken timeout)
    {
        while (await DiscardNextAsync(body) is { IsCompleted: false })
        {
            await _turn.WaitAsync(timeout);
            try
            {
                await DiscardToGapAsync(body);
            }
            finally
            {
                _turn.Release();
            }

            timeout.ThrowIfCancellationRequested();
        }
    }

    // Discards what the client sends until it has sent everything, or nothing for a while.
    private static async Task DiscardToGapAsync(PipeReader body)
    {
        using var gap = new CancellationTokenSource();
        await using var wakeUp = gap.Token.UnsafeRegister(CancelRead, body);
        do
        {
            gap.CancelAfter(_maxGap);
        } while (await DiscardNextAsync(body) is { IsCompleted: false, IsCanceled: false });
    }

    private static async ValueTask<ReadResult> DiscardNextAsync(PipeReader body)
    {
        if (!body.TryRead(out var read))
        {
            read = await body.ReadAsync(CancellationToken.None);
        }

        body.AdvanceTo(read.Buffer.End);
        return read;
    }

    private static void CancelRead(object? body) => ((PipeReader)body!).CancelPendingRead();
}
