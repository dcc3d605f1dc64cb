using System.Collections.Concurrent;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Logs rejections that a flood of requests can cause. Each cause has at most one line per second, without a stack
/// trace. The line has the number of suppressed lines.
/// </summary>
internal sealed partial class RefusalLog(TimeProvider clock, ILogger<RefusalLog> logger)
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    // The causes are constants of this program, so their number is small.
    private readonly ConcurrentDictionary<string, Cause> _causes = new();

    /// <summary>Logs a rejection.</summary>
    /// <param name="code">The cause in camelCase.</param>
    /// <param name="reason">The description of the cause, for the operator.</param>
    public void Write(string code, string reason)
    {
        var cause = _causes.GetOrAdd(code, static _ => new Cause());
        int suppressed;
        lock (cause)
        {
            if (cause.LoggedAt is { } loggedAt && clock.GetElapsedTime(loggedAt) < _interval)
            {
                cause.Suppressed++;
                return;
            }

            (suppressed, cause.Suppressed, cause.LoggedAt) = (cause.Suppressed, 0, clock.GetTimestamp());
        }

        LogRefusal(code, reason.ReplaceLineEndings(" "), suppressed);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "A request was refused: {Code} ({Reason}); {Suppressed} more since the last line of this kind"
    )]
    private partial void LogRefusal(string code, string reason, int suppressed);

    private sealed class Cause
    {
        public long? LoggedAt { get; set; }

        public int Suppressed { get; set; }
    }
}
