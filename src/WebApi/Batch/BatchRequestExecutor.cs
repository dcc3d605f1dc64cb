using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// Sends each request of a batch through what a request of its own goes through: authentication, permission,
/// validation, limits and failures included. It has an <see cref="HttpContext"/> and services of its own; scheme, host,
/// service root and connection are the batch's.
/// </summary>
internal sealed class BatchRequestExecutor
{
    /// <summary>The longest answer, in bytes.</summary>
    public const int MaxResponseBytes = 4 * 1024 * 1024;

    // Most answers of batches are short.
    private const int FirstAnswerSize = 1024;

    // What is set here and on the way to a route.
    private const int MaxFeatures = 16;

    // Of the batch's message, not of the item's to say; nor is the host.
    private static readonly string[] _hopByHopHeaders = ["Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect"];

    private RequestDelegate? _next;

    /// <summary>As middleware: requests of batches begin where this stands.</summary>
    public RequestDelegate Capture(RequestDelegate next) => _next = next;

    /// <summary>Whether the request is one of a batch.</summary>
    public static bool IsBatchItem(HttpContext http) => http.Features.Get<BatchItemFeature>() is not null;

    /// <summary>Sends a request.</summary>
    /// <param name="batch">The request that the batch came with.</param>
    /// <param name="item">The request.</param>
    /// <param name="largestBody">In bytes.</param>
    /// <param name="room">For the answers of the batch.</param>
    public async Task<BatchItemResponse> SendAsync(HttpContext batch, BatchItem item, int largestBody, ResponseMemoryBudget room)
    {
        var url = BatchItemUrl.Parse(batch.Request, item.Url);
        var admission = Admission.Of(batch);

        // A copy of a part of the batch. The batch goes on, so it is not refused: the copies are together no longer
        // than the batch.
        var copied = item.Body is { } member ? JsonMarshal.GetRawUtf8Value(member).Length : 0;
        admission?.Reserve(copied, isRequired: true);
        var body = item.Body is { } sent ? BatchBodyCodec.Decode(sent, item.Headers.ContentType.ToString()) : [];
        var answer = await AnswerAsync(batch, item, url, body, room, http => Refusal(http, item, url, body, largestBody) ?? _next!(http));
        admission?.Release(copied);
        return answer;
    }

    /// <summary>Answers a request that is not sent, because one that it depends on has failed.</summary>
    public static Task<BatchItemResponse> RefuseAsync(HttpContext batch, BatchItem item, string failed, ResponseMemoryBudget room) => AnswerAsync(batch, item, null, null, room, http => RefuseItemAsync(
        http, StatusCodes.Status424FailedDependency, "failedDependency", $"The request '{Domain.ValidationErrors.Abbreviate(failed)}', which this one depends on, has failed; this one was not tried."));

    /// <summary>Answers a request that exceeds a limit where no other part of the service answers it.</summary>
    public static Task<BatchItemResponse> RefuseAsync(
        HttpContext batch, BatchItem item, int status, string code, string message, TimeSpan retryAfter, ResponseMemoryBudget room) =>
        AnswerAsync(batch, item, null, null, room, http =>
        {
            Require(http);
            return http.WriteErrorAsync(status, code, message, retryAfter);
        });

    private static Task RefuseItemAsync(HttpContext http, int status, string code, string message)
    {
        Require(http);
        return http.WriteErrorAsync(status, code, message);
    }

    private static void Require(HttpContext http) =>
        ((BufferedResponseBody)http.Features.GetRequiredFeature<IHttpResponseBodyFeature>()).Require();

    private static async Task<BatchItemResponse> AnswerAsync(HttpContext batch, BatchItem item, BatchItemUrl? url, byte[]? body, ResponseMemoryBudget room, RequestDelegate handler)
    {
        // Its bytes count for the batch, which holds them until all answers are sent. After a write the answer must not
        // fail for want of memory.
        var isRequired = !HttpMethods.IsGet(item.Method) && !HttpMethods.IsHead(item.Method);
        var admission = Admission.Of(batch);
        var answer = new BufferedResponseBody(MaxResponseBytes, room, new PooledBufferWriter(admission, isRequired, FirstAnswerSize));
        var features = new FeatureCollection(MaxFeatures);
        features.Set<IHttpRequestFeature>(Request(batch.Request, item, url, body));
        features.Set<IRequestBodyPipeFeature>(new SentBody(body ?? []));
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(answer);
        features.Set(batch.Features.Get<IHttpConnectionFeature>());
        features.Set(new BatchItemFeature());
        await using var scope = batch.RequestServices.CreateAsyncScope();
        var http = new DefaultHttpContext(features) { RequestServices = scope.ServiceProvider, RequestAborted = batch.RequestAborted };
        await RequestIdMiddleware.InvokeAsync(http, async named =>
        {
            await handler(named);
            if (answer.IsOverLimit)
            {
                RequestIdMiddleware.Restart(named);
                await named.WriteErrorAsync(
                    StatusCodes.Status507InsufficientStorage,
                    "answerTooLarge",
                    $"The answer is over {MaxResponseBytes >> 20} MiB, or all of the batch over {ResponseMemoryBudget.MaxBytes >> 20} MiB; send this request on its own, or ask for less. If it was to change something, it has.");
            }
        });
        return new BatchItemResponse(http.Response.StatusCode, http.Response.Headers, answer);
    }

    private static HttpRequestFeature Request(HttpRequest batch, BatchItem item, BatchItemUrl? url, byte[]? body)
    {
        // From here on the headers are the request's own.
        foreach (var name in _hopByHopHeaders)
        {
            item.Headers.Remove(name);
        }

        item.Headers.Host = batch.Headers.Host;
        item.Headers.ContentLength = body is { Length: > 0 } ? body.Length : null;
        if (item.Headers.Authorization.Count == 0)
        {
            item.Headers.Authorization = batch.Headers.Authorization;
        }

        return new HttpRequestFeature
        {
            Headers = item.Headers,
            Protocol = batch.Protocol,
            Scheme = batch.Scheme,
            Method = item.Method,
            PathBase = batch.PathBase.Value ?? "",
            Path = url?.Path.Value ?? "",
            QueryString = url?.Query.Value ?? "",
            RawTarget = url is null ? item.Url : $"{batch.PathBase.ToUriComponent()}{url.Path.ToUriComponent()}{url.Query}",
            Body = new MemoryStream(body ?? []),
        };
    }

    /// <summary>
    /// What a server itself would refuse, and what only a batch can get wrong; null when there is nothing of the kind.
    /// </summary>
    private static Task? Refusal(HttpContext http, BatchItem item, BatchItemUrl? url, byte[]? body, int largestBody)
    {
        if (url is null)
        {
            // Failures says so of every URL that is too long.
            return item.Url.Length > GraphErrorMiddleware.MaxUrlLength
                ? null
                : RefuseItemAsync(http, StatusCodes.Status400BadRequest, "invalidUrl", "The url must be well-formed and lead to the service root that the batch was sent to, like /process/runs.");
        }

        if (body is null)
        {
            return RefuseItemAsync(http, StatusCodes.Status400BadRequest, "notBase64", "Within a batch a body that is not JSON must be a string of base64.");
        }

        if (body.Length > largestBody)
        {
            return RefuseItemAsync(http, StatusCodes.Status413PayloadTooLarge, "bodyTooLarge", $"The body is over {largestBody >> 20} MiB; send a smaller one.");
        }

        return item.AreHeadersTooLarge
            ? RefuseItemAsync(http, StatusCodes.Status431RequestHeaderFieldsTooLarge, "headersTooLarge", $"There are over {BatchEnvelope.MaxHeaders} headers, or over {BatchEnvelope.MaxHeaderBytes} characters of them; send fewer.")
            : null;
    }

    private sealed class BatchItemFeature;

    /// <summary>The body as it lies in memory: a stream would only have it copied once more.</summary>
    private sealed class SentBody(byte[] body) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = PipeReader.Create(new ReadOnlySequence<byte>(body));
    }
}
