using System.Collections.Concurrent;
using System.Net;
using System.Text;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

/// <summary>Receives the traces of the service like a collector, over OTLP with HTTP.</summary>
public sealed class TraceTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("process/runs", "ListRunsQuery")]
    [InlineData("process/runs/019f0000-0000-7000-8000-000000000000", "GetRunQuery")]
    public async Task Trace_leads_from_the_request_through_the_use_case_to_the_statement(string path, string useCase)
    {
        var spans = new ConcurrentBag<Span>();
        await using var collector = await StartCollectorAsync(spans);
        await using var service = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.First()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "50")
        );
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        var (trace, caller) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        request.Headers.Add("traceparent", $"00-{trace}-{caller}-01");
        using var response = await service.Client.SendAsync(request, Cancellation);
        List<Span> Received() => [.. spans.Where(s => s.Trace == trace)];

        await Poll.UntilAsync(
            () =>
                Received().Exists(s => s.Parent == caller)
                && Received().Exists(s => s.Name == useCase)
                && Received().Exists(s => s.Source == "Npgsql"),
            "The trace of the request"
        );
        var all = Received();
        var http = all.Single(s => s.Parent == caller);
        var handled = all.Single(s => s.Name == useCase);
        handled.Parent.ShouldBe(http.Id);
        all.ShouldContain(s => s.Source == "Npgsql" && s.Parent == handled.Id);

        // A run that does not exist is an error of the caller and not of the service.
        handled.Status.ShouldBe(response.StatusCode == HttpStatusCode.NotFound ? SpanStatus.Error : SpanStatus.Unset);
        http.Status.ShouldBe(SpanStatus.Unset);
    }

    private static async Task<WebApplication> StartCollectorAsync(ConcurrentBag<Span> spans)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        var collector = builder.Build();
        collector.Urls.Add("http://127.0.0.1:0");
        collector.MapPost(
            "/v1/{signal}",
            async (string signal, HttpRequest request) =>
            {
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body);
                if (signal == "traces")
                {
                    Read(body.ToArray(), spans);
                }

                return Results.Bytes([], "application/x-protobuf");
            }
        );
        await collector.StartAsync(Cancellation);
        return collector;
    }

    // The message ExportTraceServiceRequest of OTLP: resource spans (1), scope spans (2), the scope (1) with its name
    // (1), and spans (2) with trace id (1), span id (2), parent (4), name (5) and status (15) with its code (3).
    private static void Read(byte[] message, ConcurrentBag<Span> spans)
    {
        foreach (var resource in Fields(message).Where(f => f.Number == 1))
        {
            foreach (var scope in Fields(resource.Bytes).Where(f => f.Number == 2))
            {
                var parts = Fields(scope.Bytes);
                var source = Text(Fields(parts.First(f => f.Number == 1).Bytes).First(f => f.Number == 1).Bytes);
                foreach (var span in parts.Where(f => f.Number == 2))
                {
                    var fields = Fields(span.Bytes).ToLookup(f => f.Number);
                    var status = fields[15].SelectMany(f => Fields(f.Bytes)).FirstOrDefault(f => f.Number == 3);
                    spans.Add(
                        new Span(
                            source,
                            Text(fields[5].First().Bytes),
                            Hex(fields[1]),
                            Hex(fields[2]),
                            Hex(fields[4]),
                            (SpanStatus)(status?.Value ?? 0)
                        )
                    );
                }
            }
        }
    }

    // The wire format of Protocol Buffers: a tag with the number and the wire type, then the value.
    private static List<Field> Fields(byte[] message)
    {
        var fields = new List<Field>();
        var at = 0;
        while (at < message.Length)
        {
            var tag = Varint(message, ref at);
            switch (tag & 7)
            {
                case 0:
                    fields.Add(new Field((int)(tag >> 3), [], Varint(message, ref at)));
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    fields.Add(new Field((int)(tag >> 3), message[at..(at + length)], 0));
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"The wire type {tag & 7} is unknown.");
            }
        }

        return fields;
    }

    private static ulong Varint(byte[] message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }

    private static string Text(byte[] utf8) => Encoding.UTF8.GetString(utf8);

    private static string Hex(IEnumerable<Field> id) =>
        id.FirstOrDefault() is { } found ? Convert.ToHexStringLower(found.Bytes) : "";

    private enum SpanStatus
    {
        Unset,
        Ok,
        Error,
    }

    private sealed record Field(int Number, byte[] Bytes, ulong Value);

    private sealed record Span(string Source, string Name, string Trace, string Id, string Parent, SpanStatus Status);
}
