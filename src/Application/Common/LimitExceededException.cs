namespace IndustryData.Application.Common;

/// <summary>
/// The exception that is thrown when a tenant exceeds its share of the service. Nothing of the request was stored.
/// </summary>
/// <param name="code">The cause in camelCase, for example <c>tooManySlowReads</c>.</param>
/// <param name="message">What the caller can do. Names no other tenant and no host.</param>
/// <param name="retryAfter">How long the caller should wait before it sends the request again.</param>
public sealed class LimitExceededException(string code, string message, TimeSpan retryAfter) : Exception(message)
{
    /// <summary>The cause in camelCase.</summary>
    public string Code => code;

    /// <summary>The time to wait before the caller sends the request again.</summary>
    public TimeSpan RetryAfter => retryAfter;
}
