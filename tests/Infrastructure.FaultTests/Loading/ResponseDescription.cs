using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>What a caller got for one request.</summary>
/// <param name="SentAt">When the request was sent, as a timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="Elapsed">How long the caller waited.</param>
/// <param name="Status">The HTTP status; 0 when no answer came.</param>
/// <param name="IsWrite">Whether the request was to change something.</param>
/// <param name="Code">The cause, <c>innerError.code</c>; empty for other answers than errors.</param>
/// <param name="Id">The id of the run that the answer's Location names; else empty.</param>
/// <param name="Text">The message of an error, or why no answer came.</param>
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
    /// <summary>Whether the service said that it did what was asked for.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Whether the service refused for the time being.</summary>
    public bool IsUnavailable => Status == 503;

    /// <summary>Whether the service said that it did nothing of what was asked for.</summary>
    public bool DeniesStorage => !IsSuccess && Text.Contains("Nothing was stored", StringComparison.Ordinal);

    /// <summary>Whether the service said that it does not know whether it did what was asked for.</summary>
    public bool LeavesOutcomeOpen => !IsSuccess && Text.Contains("not known whether", StringComparison.Ordinal);

    /// <summary>When the answer came.</summary>
    public long AnsweredAt => SentAt + (long)(Elapsed.TotalSeconds * Stopwatch.Frequency);

    public override string ToString() => $"{Status} {Code} after {Elapsed.TotalSeconds:0.0} s {Text}".TrimEnd();
}
