namespace IndustryData.Benchmarks.LoadGeneration;

/// <summary>The plan of the load generator.</summary>
/// <param name="Ports">The ports on 127.0.0.1. The connections are distributed evenly over them.</param>
/// <param name="Connections">The number of connections. Each sends one request at a time.</param>
/// <param name="WarmUpSeconds">The duration of the warm-up in seconds.</param>
/// <param name="Seconds">The duration of the measurement in seconds.</param>
/// <param name="Requests">The complete HTTP/1.1 requests. They are sent in turn.</param>
/// <param name="Status">The expected status of each response.</param>
/// <param name="Text">A text that the body of each response contains, or null if bodies are not checked.</param>
/// <param name="Times">The expected number of occurrences of the text.</param>
internal sealed record GeneratorPlan(
    IReadOnlyList<int> Ports,
    int Connections,
    double WarmUpSeconds,
    double Seconds,
    IReadOnlyList<byte[]> Requests,
    int Status,
    string? Text,
    int Times
)
{
    /// <summary>
    /// The offset of a UUID in each request. A new UUID replaces it each time the request is sent. Null if the requests
    /// contain no such UUID.
    /// </summary>
    public int? UniqueAt { get; init; }
}

/// <summary>The result of the load generator.</summary>
/// <param name="Answers">The number of correct responses, including those of the warm-up.</param>
/// <param name="Measured">The number of correct responses to requests that were sent during the measurement.</param>
/// <param name="Seconds">The duration of the measurement in seconds.</param>
/// <param name="P50">The median latency in milliseconds.</param>
/// <param name="P95">The 95th percentile of the latency in milliseconds.</param>
/// <param name="P99">The 99th percentile of the latency in milliseconds.</param>
/// <param name="Wrong">The number of incorrect responses.</param>
/// <param name="FirstWrong">The first incorrect response, truncated; null if all are correct.</param>
internal sealed record GeneratorResult(
    long Answers,
    long Measured,
    double Seconds,
    double P50,
    double P95,
    double P99,
    long Wrong,
    string? FirstWrong
);
