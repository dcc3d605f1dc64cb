namespace IndustryData.Domain.Runs;

/// <summary>How a reporter names a request that it may send again, when it does not know whether the first one arrived.</summary>
/// <param name="Value">The name; it belongs to the tenant.</param>
/// <param name="RequestFingerprint">SHA-256 of the body, by which a repeat is told from another request under the same name.</param>
/// <param name="ReturnRepresentation">Whether the answer holds the run.</param>
public sealed record IdempotencyKey(string Value, ReadOnlyMemory<byte> RequestFingerprint, bool ReturnRepresentation)
{
    /// <summary>How long a repeat gets the first answer.</summary>
    public static readonly TimeSpan TimeToLive = TimeSpan.FromHours(24);
}

/// <summary>What the first request under a key was answered.</summary>
/// <param name="RunId">The run that it added.</param>
/// <param name="ReturnRepresentation">Whether the answer held the run.</param>
public sealed record IdempotentOutcome(RunId RunId, bool ReturnRepresentation);
