namespace IndustryData.Domain.Runs;

/// <summary>
/// The idempotency key of a request. It lets a caller repeat a request safely if the outcome of the first attempt is
/// unknown.
/// </summary>
/// <param name="Value">The key. Keys are scoped to the tenant.</param>
/// <param name="RequestFingerprint">
/// The SHA-256 hash of the body. It distinguishes a repeated request from a different request with the same key.
/// </param>
/// <param name="IncludesRun">True if the outcome of the request includes the run itself, not only its id.</param>
public sealed record IdempotencyKey(string Value, ReadOnlyMemory<byte> RequestFingerprint, bool IncludesRun)
{
    /// <summary>The period in which a repeated request gets the first response.</summary>
    public static readonly TimeSpan TimeToLive = TimeSpan.FromHours(24);
}

/// <summary>The outcome of the first request with an idempotency key.</summary>
/// <param name="RunId">The id of the run that the request added.</param>
/// <param name="IncludesRun">True if the outcome included the run itself.</param>
public sealed record IdempotentOutcome(RunId RunId, bool IncludesRun);
