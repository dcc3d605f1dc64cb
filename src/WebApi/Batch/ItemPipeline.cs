using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// Sends each request of a batch through what a request of its own goes through: authentication, permission, validation, limits and failures
/// included. It has an <see cref="HttpContext"/> and services of its own; scheme, host, service root and connection are the batch's.
/// </summary>
internal sealed class ItemPipeline
{
    /// <summary>The longest answer, in bytes.</summary>
    public const int LongestAnswer = 4 * 1024 * 1024;

    // Most answers of batches are short.
    private const int FirstAnswerSize = 1024;

    // What is set here and on the way to a route.
    private const int MostFeatures = 16;

    // Of the batch's message, not of the item's to say; nor is the host.
    private static readonly string[] _notItsOwn = ["Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect"];

    private RequestDelegate? _next;

    /// <summary>As middleware: requests of batches begin where this stands.</summary>
    public RequestDelegate BeginHere(RequestDelegate next) => _next = next;

    /// <summary>Whether the request is one of a batch.</summary>
    public static bool IsWithin(HttpContext http) => http.Features.Get<WithinBatch>() is not null;

    /// <summary>Sends a request.</summary>
    /// <param name="batch">The request that the batch came with.</param>
    /// <param name="item">The request.</param>
    /// <param name="largestBody">In bytes.</param>
    /// <param name="room">For the answers of the batch.</param>
    public async Task<ItemAnswer> SendAsync(HttpContext batch, BatchItem item, int largestBody, AnswerRoom room)
    {
        var url = ItemUrl.Of(batch.Request, item.Url);
        var admission = Admission.Of(batch);

        // A copy of a part of the batch. The batch goes on, so it is not refused: the copies are together no longer than the batch.
        var copied = item.Body is { } member ? JsonMarshal.GetRawUtf8Value(member).Length : 0;
        admission?.Reserve(copied, isRequired: true);
        var body = item.Body is { } sent ? ItemBody.Decode(sent, item.Headers.ContentType.ToString()) : [];
        var answer = await AnswerAsync(batch, item, url, body, room, http => Refusal(http, item, url, body, largestBody) ?? _next!(http));
        admission?.Release(copied);
        return answer;
    }

    /// <summary>Answers a request that is not sent, because one that it depends on has failed.</summary>
    public static Task<ItemAnswer> RefuseAsync(HttpContext batch, BatchItem item, string failed, AnswerRoom room) => AnswerAsync(batch, item, null, null, room, http => RefuseItemAsync(
        http, StatusCodes.Status424FailedDependency, "failedDependency", $"The request '{Domain.Faults.Shown(failed)}', which this one depends on, has failed; this one was not tried."));

    /// <summary>Answers a request that exceeds a limit where no other part of the service answers it.</summary>
    public static Task<ItemAnswer> RefuseAsync(
        HttpContext batch, BatchItem item, int status, string code, string message, TimeSpan retryAfter, AnswerRoom room) =>
        AnswerAsync(batch, item, null, null, room, http =>
        {
            Require(http);
            return http.RefuseAsync(status, code, message, retryAfter);
        });

    private static Task RefuseItemAsync(HttpContext http, int status, string code, string message)
    {
        Require(http);
        return http.RefuseAsync(status, code, message);
    }

    private static void Require(HttpContext http) =>
        ((AnswerBody)http.Features.GetRequiredFeature<IHttpResponseBodyFeature>()).Require();

    private static async Task<ItemAnswer> AnswerAsync(HttpContext batch, BatchItem item, ItemUrl? url, byte[]? body, AnswerRoom room, RequestDelegate handler)
    {
        // Its bytes count for the batch, which holds them until all answers are sent. After a write the answer must not fail for want of memory.
        var isRequired = !HttpMethods.IsGet(item.Method) && !HttpMethods.IsHead(item.Method);
        var admission = Admission.Of(batch);
        var answer = new AnswerBody(LongestAnswer, room, new ResponseBuffer(admission, isRequired, FirstAnswerSize));
        var features = new FeatureCollection(MostFeatures);
        features.Set<IHttpRequestFeature>(Request(batch.Request, item, url, body));
        features.Set<IRequestBodyPipeFeature>(new SentBody(body ?? []));
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(answer);
        features.Set(batch.Features.Get<IHttpConnectionFeature>());
        features.Set(new WithinBatch());
        await using var scope = batch.RequestServices.CreateAsyncScope();
        var http = new DefaultHttpContext(features) { RequestServices = scope.ServiceProvider, RequestAborted = batch.RequestAborted };
        await RequestIds.NameAsync(http, async named =>
        {
            await handler(named);
            if (answer.IsOverLimit)
            {
                RequestIds.Restart(named);
                await named.RefuseAsync(
                    StatusCodes.Status507InsufficientStorage,
                    "answerTooLarge",
                    $"The answer is over {LongestAnswer >> 20} MiB, or all of the batch over {AnswerRoom.Most >> 20} MiB; send this request on its own, or ask for less. If it was to change something, it has.");
            }
        });
        return new ItemAnswer(http.Response.StatusCode, http.Response.Headers, answer);
    }

    private static HttpRequestFeature Request(HttpRequest batch, BatchItem item, ItemUrl? url, byte[]? body)
    {
        // From here on the headers are the request's own.
        foreach (var name in _notItsOwn)
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

    /// <summary>What a server itself would refuse, and what only a batch can get wrong; null when there is nothing of the kind.</summary>
    private static Task? Refusal(HttpContext http, BatchItem item, ItemUrl? url, byte[]? body, int largestBody)
    {
        if (url is null)
        {
            // Failures says so of every URL that is too long.
            return item.Url.Length > Failures.LongestUrl
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
            ? RefuseItemAsync(http, StatusCodes.Status431RequestHeaderFieldsTooLarge, "headersTooLarge", $"There are over {BatchEnvelope.MostHeaders} headers, or over {BatchEnvelope.LongestHeaders} characters of them; send fewer.")
            : null;
    }

    private sealed class WithinBatch;

    /// <summary>The body as it lies in memory: a stream would only have it copied once more.</summary>
    private sealed class SentBody(byte[] body) : IRequestBodyPipeFeature
    {
        public PipeReader Reader { get; } = PipeReader.Create(new ReadOnlySequence<byte>(body));
    }
}
