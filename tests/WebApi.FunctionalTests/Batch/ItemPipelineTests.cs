using System.Buffers;
using System.Text;
using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.WebApi.Batch;
using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace IndustryData.WebApi.FunctionalTests.Batch;

/// <summary>
/// Tests the response to a request of a batch when its route does something that no route of the service should do.
/// </summary>
public sealed class ItemPipelineTests
{
    [Fact]
    public async Task An_answer_that_is_too_long_is_replaced()
    {
        var (status, error) = await AnswerAsync(async http =>
        {
            http.Response.StatusCode = 201;
            for (var i = 0; i <= BatchRequestExecutor.MaxResponseBytes / 4096; i++)
            {
                await http.Response.BodyWriter.WriteAsync(new byte[4096]);
            }
        });

        status.ShouldBe(507);
        error.GetProperty("innerError").GetProperty("code").GetString().ShouldBe("responseTooLarge");
    }

    [Fact]
    public async Task A_failure_replaces_what_was_written_before_it()
    {
        foreach (
            var write in (Func<HttpContext, Task>[])
                [
                    http => http.Response.WriteAsync("{\"half"),
                    http => http.Response.Body.WriteAsync(new byte[10]).AsTask(),
                    http => http.Response.Body.WriteAsync(new byte[BatchRequestExecutor.MaxResponseBytes + 1]).AsTask(),
                ]
        )
        {
            var (status, error) = await AnswerAsync(async http =>
            {
                await write(http);
                throw new InvalidOperationException("secret");
            });

            status.ShouldBe(500);
            error.GetProperty("code").GetString().ShouldBe("internalServerError");
            error.GetRawText().ShouldNotContain("secret");
        }
    }

    [Fact]
    public async Task Services_are_the_requests_own_and_end_with_it()
    {
        Scoped? scoped = null;
        await AnswerAsync(http =>
        {
            scoped = http.RequestServices.GetRequiredService<Scoped>();
            scoped.IsDisposed.ShouldBeFalse();
            return http.Response.WriteAsync("{\"error\":1}");
        });

        scoped!.IsDisposed.ShouldBeTrue();
    }

    [Theory]
    [InlineData("GET", "/", 429, "memoryShareExceeded")]
    [InlineData("GET", "//elsewhere.example/", 400, "invalidUrl")]
    [InlineData("POST", "/", 200, null)]
    public async Task Answer_beyond_the_memory_share_is_replaced_by_a_refusal_and_does_not_throw(
        string method,
        string url,
        int expected,
        string? cause
    )
    {
        var limits = new LimitOptions { MemoryMegabytes = 1, MemorySharePercent = 1 };
        using var load = new TenantLoad(limits);
        load.TryEnter();
        using var admission = new Admission(load, new MemoryBudget(limits), TimeSpan.FromSeconds(10));
        admission.Reserve(100_000, isRequired: true);

        var (status, error) = await AnswerAsync(
            http => http.Response.WriteAsync("""{"error":{}}"""),
            admission,
            method,
            url
        );

        status.ShouldBe(expected);
        if (cause is not null)
        {
            error.GetProperty("innerError").GetProperty("code").GetString().ShouldBe(cause);
        }
    }

    private static async Task<(int Status, JsonElement Error)> AnswerAsync(
        RequestDelegate route,
        Admission? admission = null,
        string method = "GET",
        string url = "/"
    )
    {
        await using var services = new ServiceCollection()
            .AddSingleton(TimeProvider.System)
            .AddLogging()
            .AddScoped<Scoped>()
            .BuildServiceProvider();
        var pipeline = new BatchRequestExecutor();
        pipeline.Capture(
            new GraphErrorMiddleware(
                route,
                new Database(),
                new RefusalLog(TimeProvider.System, NullLogger<RefusalLog>.Instance),
                NullLogger<GraphErrorMiddleware>.Instance
            ).InvokeAsync
        );
        var batch = new DefaultHttpContext
        {
            RequestServices = services,
            Request = { Scheme = "http", Host = new HostString("ledger.example") },
        };
        batch.Features.Set(admission);
        var answer = await pipeline.SendAsync(
            batch,
            new BatchItem
            {
                Id = "1",
                Method = method,
                Url = url,
            },
            1024,
            new ResponseMemoryBudget()
        );
        return (
            answer.Status,
            JsonDocument
                .Parse(Encoding.UTF8.GetString(answer.Body.Written.Written.ToArray()))
                .RootElement.GetProperty("error")
        );
    }

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Database : IDatabaseHealth
    {
        public DatabaseOutage? Outage => null;

        public DatabaseOutage? WriteOutage => null;

        public string? ServerVersion => null;

        public DatabaseOutage? Classify(Exception exception) => null;
    }
}
