using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using IndustryData.Application.Runs;
using IndustryData.Benchmarks.Loading;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Runs;

namespace IndustryData.Benchmarks.Parts;

/// <summary>Writing a page of 100 runs.</summary>
[MemoryDiagnoser]
public class ListRunsParts
{
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly RunPage _page = new([.. Enumerable.Range(0, 100).Select(Item)], null, null);

    [Benchmark]
    public int Serialise()
    {
        _buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_buffer, ODataJson.WriterOptions))
        {
            RunJson.Write(json, _page, RunSelection.Listed, "http://localhost:5080/beta/$metadata#process/runs", "http://localhost:5080/beta/process/runs?$skiptoken=AAAA");
        }

        return _buffer.WrittenCount;
    }

    private static RunListItem Item(int number)
    {
        var now = DateTimeOffset.UtcNow;
        var run = SampleRun.Of(number, now);
        return new RunListItem(Guid.CreateVersion7(now), run.DisplayName, run.StartDateTime, run.EndDateTime, run.Status.Name, null, now, now, 1);
    }
}
