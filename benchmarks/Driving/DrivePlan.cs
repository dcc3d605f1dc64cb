namespace IndustryData.Benchmarks.Driving;

/// <summary>What the load generator is to do.</summary>
/// <param name="Ports">The ports on 127.0.0.1, over which the connections are spread evenly.</param>
/// <param name="Connections">How many connections, each with one request at a time.</param>
/// <param name="WarmUpSeconds">How long to drive before measuring.</param>
/// <param name="Seconds">How long to measure.</param>
/// <param name="Requests">Whole HTTP/1.1 requests, sent in turn.</param>
/// <param name="Status">The only status that is right.</param>
/// <param name="Text">What the body of a right answer holds; null: bodies are not looked at.</param>
/// <param name="Times">How often it holds it.</param>
internal sealed record DrivePlan(
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
    /// The offset in each request of a UUID, which is replaced by another one each time the request is sent; null:
    /// there is none.
    /// </summary>
    public int? UniqueAt { get; init; }
}

/// <summary>What the load generator saw.</summary>
/// <param name="Answers">Right answers over all, with those of the warm-up.</param>
/// <param name="Measured">Right answers to requests that were sent while it was measured.</param>
/// <param name="Seconds">How long it was measured.</param>
/// <param name="P50">Milliseconds that half of the requests took at most.</param>
/// <param name="P99">Milliseconds that 99 of 100 requests took at most.</param>
/// <param name="Wrong">How many answers were not right.</param>
/// <param name="FirstWrong">The first of them, cut short.</param>
internal sealed record DriveResult(
    long Answers,
    long Measured,
    double Seconds,
    double P50,
    double P99,
    long Wrong,
    string? FirstWrong
);
