using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// The endpoint for batches: several requests in one (Graph, <i>JSON batching</i>). Each request has its own response.
/// A failed request does not make the batch fail.
/// </summary>
internal static class BatchEndpoint
{
    /// <summary>
    /// The maximum length of a batch, in bytes. The limit for a separate request applies to each request of the batch.
    /// </summary>
    public const int MaxBatchBytes = 4 * 1024 * 1024;

    /// <summary>The name of the schema of a batch in the OpenAPI document.</summary>
    public const string RequestSchema = "batchRequest";

    /// <summary>The name of the schema of the response to a batch in the OpenAPI document.</summary>
    public const string ResponseSchema = "batchResponse";

    // The maximum number of requests of one batch that run concurrently. Other callers are waiting too.
    private const int MaxConcurrency = 4;

    private const int FlushThreshold = PooledBufferWriter.SegmentSize;

    private static readonly OperationDescription _operation = new(
        "batch",
        "POST",
        Permissions.None,
        "Send several requests in one",
        "Each request has a response of its own, like a separate request. "
            + "It uses its own `Authorization` header, or else that of the batch, "
            + "and needs the permission of its operation. "
            + "The responses can have any order. `dependsOn` makes a request wait for others."
    )
    {
        Body = new RequestBodyDescription(
            RequestSchema,
            new RequestExample(
                "addAndList",
                "Add a run, then list the failed runs",
                """
                {
                  "requests": [
                    {
                      "id": "add",
                      "method": "POST",
                      "url": "/process/runs",
                      "headers": { "Content-Type": "application/json" },
                      "body": {
                        "displayName": "Nightly rostering",
                        "startDateTime": "2026-11-22T02:00:00Z",
                        "status": "running",
                        "statistics": {}
                      }
                    },
                    {
                      "id": "list",
                      "method": "GET",
                      "url": "/process/runs?$filter=status eq 'failed'&$top=10",
                      "dependsOn": ["add"]
                    }
                  ]
                }
                """
            )
        ),
        Answers = [ResponseDescription.Ok("The responses.", ResponseSchema)],
        OtherErrors = [ErrorStatus.NotImplemented],
    };

    public static void MapBatch(
        this IEndpointRouteBuilder routes,
        BatchRequestExecutor pipeline,
        int largestItemBody
    ) => routes.MapOperation(_operation, "/$batch", http => RunAsync(http, pipeline, largestItemBody));

    private static async Task RunAsync(HttpContext http, BatchRequestExecutor pipeline, int largestItemBody)
    {
        if (BatchRequestExecutor.IsBatchItem(http))
        {
            await http.WriteBadRequestAsync(
                "nestedBatch",
                "A batch cannot hold a batch; put its requests into the outer one."
            );
            return;
        }

        if (http.Request.ContentType?.StartsWith("multipart/mixed", StringComparison.OrdinalIgnoreCase) == true)
        {
            await RefuseFeatureAsync(http, "multipart/mixed");
            return;
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MaxBatchBytes;
        }

        using var body = await JsonRequestBody.ReadAsync(http);
        if (body is null)
        {
            return;
        }

        if (BatchEnvelope.NotOffered(body.Root) is { } feature)
        {
            await RefuseFeatureAsync(http, feature);
            return;
        }

        var faults = BatchEnvelope.WithoutBodies(body.Faults);
        var items = BatchEnvelope.Read(body.Root, faults);
        var order = faults.Count == 0 ? BatchOrder.TopologicalSort(items, faults) : [];
        if (faults.Count > 0)
        {
            await http.WriteErrorAsync(Error.Aggregate(faults));
            return;
        }

        var answers = await RunAsync(http, pipeline, items, order, largestItemBody);
        try
        {
            await WriteAsync(http, items, answers);
        }
        finally
        {
            foreach (var answer in answers)
            {
                await answer.Body.DisposeAsync();
            }
        }
    }

    private static async Task<BatchItemResponse[]> RunAsync(
        HttpContext http,
        BatchRequestExecutor pipeline,
        IReadOnlyList<BatchItem> items,
        IReadOnlyList<int> order,
        int largestItemBody
    )
    {
        var answers = items.Select(_ => new TaskCompletionSource<BatchItemResponse>()).ToArray();
        var (next, room) = (-1, new ResponseMemoryBudget());
        await Task.WhenAll(Enumerable.Range(0, Math.Min(MaxConcurrency, items.Count)).Select(_ => RunSomeAsync()));
        return [.. answers.Select(a => a.Task.Result)];

        // The requests that a request depends on precede it in the order. They are therefore complete or in progress.
        async Task RunSomeAsync()
        {
            while (Interlocked.Increment(ref next) is var place && place < order.Count)
            {
                var (item, answer) = (items[order[place]], answers[order[place]]);
                try
                {
                    http.RequestAborted.ThrowIfCancellationRequested();
                    answer.SetResult(
                        await FailedNeedAsync(item) is { } failed
                            ? await BatchRequestExecutor.RefuseAsync(
                                http,
                                item,
                                room,
                                h =>
                                    h.WriteFailedDependencyAsync(
                                        $"The request '{ValidationErrors.Abbreviate(failed)}', "
                                            + "which this one depends on, has failed; this one was not tried."
                                    )
                            )
                            : await SendAsync(http, pipeline, item, largestItemBody, room)
                    );
                }
                catch (Exception exception)
                {
                    answer.SetException(exception);
                    throw;
                }
            }
        }

        async ValueTask<string?> FailedNeedAsync(BatchItem item)
        {
            foreach (var id in item.DependsOn)
            {
                var needed = items.Index().First(i => i.Item.Id.Equals(id, StringComparison.OrdinalIgnoreCase)).Index;
                if ((await answers[needed].Task).HasFailed)
                {
                    return id;
                }
            }

            return null;
        }
    }

    // A limit that one request reaches must not make the batch fail. Other requests of the batch may be committed.
    private static async Task<BatchItemResponse> SendAsync(
        HttpContext http,
        BatchRequestExecutor pipeline,
        BatchItem item,
        int largestItemBody,
        ResponseMemoryBudget room
    )
    {
        const string unknown = "It is not known whether what this request sent was stored.";
        var outcome = HttpMethods.IsGet(item.Method) || HttpMethods.IsHead(item.Method) ? "" : unknown;
        try
        {
            return await pipeline.SendAsync(http, item, largestItemBody, room);
        }
        catch (LimitExceededException limit)
        {
            return await BatchRequestExecutor.RefuseAsync(http, item, room, h => h.WriteErrorAsync(limit, outcome));
        }
        catch (ServiceLimitException full)
        {
            return await BatchRequestExecutor.RefuseAsync(http, item, room, h => h.WriteErrorAsync(full, outcome));
        }
    }

    private static async Task WriteAsync(HttpContext http, IReadOnlyList<BatchItem> items, BatchItemResponse[] answers)
    {
        http.Response.ContentType = "application/json";
        using var buffer = new PooledBufferWriter(Admission.Of(http), isRequired: true);

        // The JSON bodies bypass this writer. It therefore writes a name without a value before the end of an object,
        // which is possible because it does not check the structure.
        await using var json = new Utf8JsonWriter(buffer, ResponseJson.WriterOptions);
        json.WriteStartObject();
        json.WriteStartArray("responses");
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i].WriteHead(json, items[i]);
            if (answers[i].HasJsonBody && !HttpMethods.IsHead(items[i].Method))
            {
                await json.FlushAsync();
                await WriteAsync(http.Response, buffer, answers[i].Body.Written);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync();
        await buffer.SendAsync(http.Response);
    }

    // Long bodies are sent from their own buffers, at the speed at which the caller reads them. Short bodies are copied
    // and sent together.
    private static async Task WriteAsync(HttpResponse response, PooledBufferWriter buffer, PooledBufferWriter body)
    {
        if (body.Length + buffer.Length > FlushThreshold)
        {
            await buffer.SendAsync(response);
            await body.SendAsync(response);
            return;
        }

        foreach (var part in body.Written)
        {
            buffer.Write(part.Span);
        }

        body.Clear();
    }

    private static Task RefuseFeatureAsync(HttpContext http, string feature) =>
        http.WriteNotSupportedAsync(
            $"{feature} is part of OData's batches, but not offered: "
                + "batches are JSON, and order their requests by dependsOn."
        );
}
