using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using IndustryData.Application.Common;
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
    private readonly StreamItem<ListHead, RunListItem>[] _runs =
    [
        .. Enumerable.Range(0, 100).Select(i => new StreamItem<ListHead, RunListItem>(Item(i), hasNext: true)),
    ];

    [Benchmark]
    public async Task<int> Serialise()
    {
        _buffer.ResetWrittenCount();
        await using (var json = new Utf8JsonWriter(_buffer, ResponseJson.WriterOptions))
        {
            await using var runs = _runs.ToAsyncEnumerable().GetAsyncEnumerator();
            await RunJson.WriteAsync(
                json,
                count: null,
                runs,
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
