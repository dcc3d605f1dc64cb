using System.Text;
using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>Generates the bodies of requests.</summary>
internal sealed class Payloads(Random random)
{
    private static readonly string[] _runs = [.. Bodies.SharedRuns()];
    private static readonly string[] _badRuns =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Data", "bad-runs.ndjson"))
            .Select(l => JsonDocument.Parse(l).RootElement.Text("body")),
    ];

    private static readonly string[] _patches =
    [
        """{"displayName":"Another name"}""",
        """{"status":"completed","endDateTime":"2026-12-01T00:00:00Z"}""",
        """{"status":"failed","endDateTime":"2026-12-01T00:00:00+02:00","blockingError":"""
            + """{"code":"diskFull","message":"x"}}""",
        """{"statistics":{"inboundTotals":{"people":12,"errors":0},"own":[1.50,{"a":null}]}}""",
        """{"blockingError":null}""",
        """{"status":"unknownFutureValue"}""",
        "{}",
        """{"status":"running"}""",
        """{"startDateTime":"2020-01-01T00:00:00Z"}""",
        """{"statistics":{}}""",
        """{"endDateTime":null}""",
        """{"id":"x","createdDateTime":"x"}""",
    ];

    private static readonly string[] _activities =
    [
        """{"@odata.type":"#microsoft.graph.industryData."""
            + """inboundFlowActivity","displayName":"Classes","status":"inProgress","activity":"""
            + """{"@odata.type":"#microsoft.graph.industryData.inboundFileFlow","id":"f1","displayName":"Classes """
            + """from SIS","readinessStatus":"ready"}}""",
        """{"@odata.type":"#microsoft.graph.industryData."""
            + """outboundFlowActivity","displayName":"Out","status":"skipped","activity":null}""",
        """{"status":"completed"}""",
        """{"displayName":"b","blockingError":{"code":"x","message":null}}""",
    ];

    public byte[] Run() =>
        Encoding.UTF8.GetBytes(
            random.Next(10) switch
            {
                0 => random.Pick(_badRuns),
                < 5 => Bodies.RunAt(random.Next(500_000), $"Running {random.Next(100)}"),
                _ => random.Pick(_runs),
            }
        );

    public byte[] Patch() => Encoding.UTF8.GetBytes(random.Pick(_patches));

    public byte[] Activity() => Encoding.UTF8.GetBytes(random.Pick(_activities));

    /// <summary>Returns a batch of the requests.</summary>
    public byte[] Batch(IEnumerable<FuzzRequest> requests)
    {
        var items = requests.Select(
            (request, index) =>
            {
                var item = new StringBuilder(
                    $$"""{"id":"{{index}}","method":"{{request.Method}}","url":"""
                        + JsonSerializer.Serialize(request.Target)
                );
                if (request.Body is { } body)
                {
                    item.Append(
                        $$""","headers":{"Content-Type":"application/json"},"body":{{Encoding.UTF8.GetString(body)}}"""
                    );
                }

                return item.Append(
                    index > 0 && random.Percent(30) ? $$""","dependsOn":["{{random.Next(index)}}"]}""" : "}"
                );
            }
        );
        return Encoding.UTF8.GetBytes($$"""{"requests":[{{string.Join(',', items)}}]}""");
    }
}
