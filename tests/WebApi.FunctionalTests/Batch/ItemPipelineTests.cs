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

/// <summary>What a request of a batch becomes when its route does what no route of the service should.</summary>
public sealed class ItemPipelineTests
{
    [Fact]
    public async Task An_answer_that_is_too_long_is_replaced()
    {
        var (status, error) = await AnswerAsync(async http =>
        {
            http.Response.StatusCode = 201;
            for (var i = 0; i <= ItemPipeline.LongestAnswer / 4096; i++)
            {
                await http.Response.BodyWriter.WriteAsync(new byte[4096]);
            }
        });

        status.ShouldBe(507);
        error.GetProperty("innerError").GetProperty("code").GetString().ShouldBe("answerTooLarge");
    }

    [Fact]
    public async Task A_failure_replaces_what_was_written_before_it()
    {
        foreach (var write in (Func<HttpContext, Task>[])[
            http => http.Response.WriteAsync("{\"half"),
            http => http.Response.Body.WriteAsync(new byte[10]).AsTask(),
            http => http.Response.Body.WriteAsync(new byte[ItemPipeline.LongestAnswer + 1]).AsTask()])
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

    private static async Task<(int Status, JsonElement Error)> AnswerAsync(RequestDelegate route)
    {
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddLogging().AddScoped<Scoped>().BuildServiceProvider();
        var pipeline = new ItemPipeline();
        pipeline.BeginHere(new Failures(route, new Database(), new RefusalLog(TimeProvider.System, NullLogger<RefusalLog>.Instance), NullLogger<Failures>.Instance).InvokeAsync);
        var batch = new DefaultHttpContext { RequestServices = services, Request = { Scheme = "http", Host = new HostString("ledger.example") } };
        var answer = await pipeline.SendAsync(batch, new BatchItem { Id = "1", Method = "GET", Url = "/" }, 1024, new AnswerRoom());
        return (answer.Status, JsonDocument.Parse(Encoding.UTF8.GetString(answer.Body.Written.Written.ToArray())).RootElement.GetProperty("error"));
    }

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Database : IDatabaseStatus
    {
        public DatabaseOutage? Outage => null;

        public DatabaseOutage? WriteOutage => null;

        public DatabaseOutage? Report(Exception exception) => null;
    }
}
