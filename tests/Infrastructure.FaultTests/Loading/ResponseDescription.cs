using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>The response to one request of a caller.</summary>
/// <param name="SentAt">The time at which the request was sent, as a timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="Elapsed">The time that the caller waited.</param>
/// <param name="Status">The HTTP status; 0 if there was no response.</param>
/// <param name="IsWrite">True if the request was a write.</param>
/// <param name="Code">The cause, <c>innerError.code</c>; empty if the response is not an error.</param>
/// <param name="Id">The id of the run in the Location header of the response; otherwise empty.</param>
/// <param name="Text">The message of an error, or the reason why there was no response.</param>
internal sealed record ResponseDescription(
    long SentAt,
    TimeSpan Elapsed,
    int Status,
    bool IsWrite,
    string Code = "",
    string Id = "",
    string Text = ""
)
{
    /// <summary>True if the service reported success.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>True if the service was temporarily unavailable.</summary>
    public bool IsUnavailable => Status == 503;

    /// <summary>True if the service reported that nothing was stored.</summary>
    public bool DeniesStorage => !IsSuccess && Text.Contains("Nothing was stored", StringComparison.Ordinal);

    /// <summary>True if the service reported that the outcome is unknown.</summary>
    public bool LeavesOutcomeOpen => !IsSuccess && Text.Contains("not known whether", StringComparison.Ordinal);

    /// <summary>The time at which the response arrived, as a timestamp of <see cref="Stopwatch"/>.</summary>
    public long AnsweredAt => SentAt + (long)(Elapsed.TotalSeconds * Stopwatch.Frequency);

    public override string ToString() => $"{Status} {Code} after {Elapsed.TotalSeconds:0.0} s {Text}".TrimEnd();
}
