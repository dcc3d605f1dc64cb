using System.Globalization;
using System.Text;
using System.Text.Json;
using IndustryData.Benchmarks.Loading;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>Creates the bytes of HTTP requests.</summary>
internal static class HttpRequests
{
    /// <summary>The number of different bodies that the load generator sends in turn.</summary>
    private const int Bodies = 1024;

    /// <summary>The number of requests in a batch.</summary>
    public const int BatchSize = 20;

    private const string KeyHeader = "Idempotency-Key: ";

    /// <summary>The bodies of runs that have just ended.</summary>
    public static IReadOnlyList<string> Runs { get; } =
    [.. Enumerable.Range(0, Bodies).Select(i => SampleRun.Of(1_000_000_000L + i, DateTimeOffset.UtcNow).Body)];

    /// <summary>The same bodies in batches of 20, in the JSON batch format of Microsoft Graph.</summary>
    public static IReadOnlyList<string> Batches { get; } =
    [.. Runs.Chunk(BatchSize).Where(c => c.Length == BatchSize).Select(Batch)];

    public static byte[] Get(string path, string? token) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{Authorization(token)}\r\n");

    /// <summary>Creates a request for a stream of changes.</summary>
    public static byte[] GetStream(string path, string token) =>
        Encoding.ASCII.GetBytes(
            $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{Authorization(token)}Accept: text/event-stream\r\n\r\n"
        );

    public static byte[] Post(string path, string? token, string body) => Post(path, Authorization(token), body, "");

    /// <summary>Creates a POST request with an idempotency key. The key is a UUID.</summary>
    public static byte[] PostKeyed(string path, string? token, string body) =>
        Post(path, Authorization(token), body, $"{KeyHeader}{Guid.Empty}\r\n");

    /// <summary>Returns the offset of the idempotency key in these requests.</summary>
    /// <exception cref="BenchmarkException">The offset is not the same in all requests.</exception>
    public static int KeyAt(IReadOnlyList<byte[]> requests)
    {
        var places = requests.Select(r => r.AsSpan().IndexOf(Encoding.ASCII.GetBytes(KeyHeader))).Distinct().ToList();
        return places is [> 0 and var place]
            ? place + KeyHeader.Length
            : throw new BenchmarkException("The idempotency keys of the requests do not have the same offset.");
    }

    private static byte[] Post(string path, string authorization, string body, string key)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}{key}"
                + $"Content-Type: application/json\r\nContent-Length: {bytes.Length}\r\n\r\n"
        );
        return [.. Encoding.ASCII.GetBytes(head), .. bytes];
    }

    private static string Authorization(string? token) => token is null ? "" : $"Authorization: Bearer {token}\r\n";

    private static string Batch(string[] bodies) =>
        $$"""{"requests":[{{string.Join(',', bodies.Select(BatchItem))}}]}""";

    private static string BatchItem(string body, int index) =>
        $$"""{"id":"{{index + 1}}","method":"POST","url":{{JsonSerializer.Serialize("/process/runs/$ref")}}"""
        + $$""","headers":{"Content-Type":"application/json"},"body":{{body}}}""";
}
