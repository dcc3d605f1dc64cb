using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using IndustryData.Application.Runs;
using IndustryData.Benchmarks.Loading;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Runs;

namespace IndustryData.Benchmarks.MicroBenchmarks;

/// <summary>Measures the serialization of a page of 100 runs.</summary>
[MemoryDiagnoser]
public class ListRunsBenchmarks
{
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly RunListItem[] _runs = [.. Enumerable.Range(0, 100).Select(Item)];

    [Benchmark]
    public async Task<int> Serialise()
    {
        _buffer.ResetWrittenCount();
        await using (var json = new Utf8JsonWriter(_buffer, ODataResponseWriter.WriterOptions))
        {
            await RunJson.WriteAsync(
                json,
                new RunPage { Runs = _runs.ToAsyncEnumerable() },
                RunProjection.ListDefault,
                "http://localhost:5080/beta/$metadata#process/runs"
            );
            json.WriteEndObject();
        }

        return _buffer.WrittenCount;
    }

    private static RunListItem Item(int number)
    {
        var now = DateTimeOffset.UtcNow;
        var run = SampleRun.Of(number, now);
        return new RunListItem(
            Guid.CreateVersion7(now),
            run.DisplayName,
            run.StartDateTime,
            run.EndDateTime,
            run.Status.Name,
            null,
            now,
            now,
            1
        );
    }
}
