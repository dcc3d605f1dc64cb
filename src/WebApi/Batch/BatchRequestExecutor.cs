using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// Sends each request of a batch through the same pipeline as a separate request, including authentication, permission
/// checks, validation, limits and error handling. Each request has its own <see cref="HttpContext"/> and services. The
/// scheme, host, service root and connection are those of the batch.
/// </summary>
internal sealed class BatchRequestExecutor
{
    /// <summary>The maximum length of a response, in bytes.</summary>
    public const int MaxResponseBytes = 4 * 1024 * 1024;

    // The initial buffer size, in bytes. Most responses in batches are short.
    private const int FirstAnswerSize = 1024;

    // The capacity for the features that are set here and in the pipeline.
    private const int MaxFeatures = 16;

    // These headers belong to the message of the batch. A request of the batch can set neither them nor the host.
    private static readonly string[] _hopByHopHeaders =
    [
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
    ];

    private RequestDelegate? _next;

    /// <summary>
    /// Adds the executor to the pipeline as middleware. The requests of batches enter the pipeline at this position.
    /// </summary>
    public RequestDelegate Capture(RequestDelegate next) => _next = next;

    /// <summary>Checks the origin of a request.</summary>
    /// <returns>Returns true if the request is part of a batch.</returns>
    public static bool IsBatchItem(HttpContext http) => http.Features.Get<BatchItemFeature>() is not null;

    /// <summary>Sends a request of a batch.</summary>
    /// <param name="batch">The HTTP request that contains the batch.</param>
    /// <param name="item">The request.</param>
    /// <param name="largestBody">The maximum length of the body of the request, in bytes.</param>
    /// <param name="room">The memory budget for the responses of the batch.</param>
    public async Task<BatchItemResponse> SendAsync(
        HttpContext batch,
        BatchItem item,
        int largestBody,
        ResponseMemoryBudget room
    )
    {
        var url = BatchItemUrl.Parse(batch.Request, item.Url);
        var admission = Admission.Of(batch);

        // The decoded body is a copy of a part of the batch. The batch is already in progress, so the reservation is
        // not refused. All copies together are no longer than the batch.
        var copied = item.Body is { } member ? JsonMarshal.GetRawUtf8Value(member).Length : 0;
        admission?.Reserve(copied, isRequired: true);
        var body = item.Body is { } sent ? BatchBodyCodec.Decode(sent, item.Headers.ContentType.ToString()) : [];
        var answer = await AnswerAsync(
            batch,
            item,
            url,
            body,
            room,
            http => Refusal(http, item, url, body, largestBody) ?? _next!(http)
        );
        admission?.Release(copied);
        return answer;
    }

    /// <summary>Creates the error response to a request of a batch that is not sent, or that failed.</summary>
    /// <param name="batch">The HTTP request that contains the batch.</param>
    /// <param name="item">The request.</param>
    /// <param name="room">The memory budget for the responses of the batch.</param>
    /// <param name="writeError">Writes the error.</param>
    public static Task<BatchItemResponse> RefuseAsync(
        HttpContext batch,
        BatchItem item,
        ResponseMemoryBudget room,
        RequestDelegate writeError
    ) => AnswerAsync(batch, item, null, null, room, http => RefuseItemAsync(http, writeError));

    private static Task RefuseItemAsync(HttpContext http, RequestDelegate writeError)
    {
        Require(http);
        return writeError(http);
    }

    private static void Require(HttpContext http) =>
        ((BufferedResponseBody)http.Features.GetRequiredFeature<IHttpResponseBodyFeature>()).Require();

    private static async Task<BatchItemResponse> AnswerAsync(
        HttpContext batch,
        BatchItem item,
        BatchItemUrl? url,
        byte[]? body,
        ResponseMemoryBudget room,
        RequestDelegate handler
    )
    {
        // The bytes of the response count for the batch, which holds them until all responses are sent. After a write
        // the response must not fail because of a memory limit.
        var isRequired = !HttpMethods.IsGet(item.Method) && !HttpMethods.IsHead(item.Method);
        var admission = Admission.Of(batch);
        var answer = new BufferedResponseBody(
            MaxResponseBytes,
            room,
            new PooledBufferWriter(admission, isRequired, FirstAnswerSize)
        );
        var features = new FeatureCollection(MaxFeatures);
        features.Set<IHttpRequestFeature>(Request(batch.Request, item, url, body));
        features.Set<IRequestBodyPipeFeature>(new SentBody(body ?? []));
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(answer);
        features.Set(batch.Features.Get<IHttpConnectionFeature>());
        features.Set(new BatchItemFeature());
        await using var scope = batch.RequestServices.CreateAsyncScope();
        var http = new DefaultHttpContext(features)
        {
            RequestServices = scope.ServiceProvider,
            RequestAborted = batch.RequestAborted,
        };
        await RequestIdMiddleware.InvokeAsync(
            http,
            async named =>
            {
                await handler(named);
                if (answer.IsOverLimit)
                {
                    RequestIdMiddleware.Restart(named);
                    await named.WriteResponseTooLargeAsync(
                        $"The answer is over {MaxResponseBytes >> 20} MiB, "
                            + $"or all of the batch over {ResponseMemoryBudget.MaxBytes >> 20} MiB; "
                            + "send this request on its own, or ask for less. If it was to change something, it has."
                    );
                }
            }
        );
        return new BatchItemResponse(http.Response.StatusCode, http.Response.Headers, answer);
    }

    private static HttpRequestFeature Request(HttpRequest batch, BatchItem item, BatchItemUrl? url, byte[]? body)
    {
        // From here on the headers of the item are the headers of the request.
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

        // The session of the browser is that of the batch, whose origin has been checked. With a token, there is none.
        item.Headers.Cookie = batch.Headers.Authorization.Count == 0 ? batch.Headers.Cookie : default;

        return new HttpRequestFeature
        {
            Headers = item.Headers,
            Protocol = batch.Protocol,
            Scheme = batch.Scheme,
            Method = item.Method,
            PathBase = batch.PathBase.Value ?? "",
            Path = url?.Path.Value ?? "",
            QueryString = url?.Query.Value ?? "",
            RawTarget = url is null
                ? item.Url
                : $"{batch.PathBase.ToUriComponent()}{url.Path.ToUriComponent()}{url.Query}",
            Body = new MemoryStream(body ?? []),
        };
    }

    /// <summary>
    /// Writes the error response if the request has an error that a server itself rejects, or an error that is possible
    /// only in a batch.
    /// </summary>
    /// <returns>The task that writes the error response; null if there is no such error.</returns>
    private static Task? Refusal(HttpContext http, BatchItem item, BatchItemUrl? url, byte[]? body, int largestBody)
    {
        if (url is null)
        {
            // GraphErrorMiddleware rejects all URLs that are too long.
            return item.Url.Length > GraphErrorMiddleware.MaxUrlLength
                ? null
                : RefuseItemAsync(
                    http,
                    h =>
                        h.WriteBadRequestAsync(
                            "invalidUrl",
                            "The url must be well-formed and lead to the service root that the batch was sent to, "
                                + "like /process/runs."
                        )
                );
        }

        if (body is null)
        {
            return RefuseItemAsync(
                http,
                h =>
                    h.WriteBadRequestAsync(
                        "notBase64",
                        "Within a batch a body that is not JSON must be a string of base64."
                    )
            );
        }

        if (body.Length > largestBody)
        {
            return RefuseItemAsync(
                http,
                h =>
                    h.WriteContentTooLargeAsync(
                        "bodyTooLarge",
                        $"The body is over {largestBody >> 20} MiB; send a smaller one."
                    )
            );
        }

        return item.AreHeadersTooLarge
            ? RefuseItemAsync(
                http,
                h =>
                    h.WriteHeadersTooLargeAsync(
                        $"There are over {BatchEnvelope.MaxHeaders} headers, "
                            + $"or over {BatchEnvelope.MaxHeaderBytes} characters of them; send fewer."
                    )
            )
            : null;
    }

    private sealed class BatchItemFeature;

    /// <summary>A request body that is read directly from memory. A stream would add another copy.</summary>
    private sealed class SentBody(byte[] body) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = PipeReader.Create(new ReadOnlySequence<byte>(body));
    }
}
