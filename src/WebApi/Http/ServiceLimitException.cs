namespace IndustryData.WebApi.Http;

/// <summary>
/// The exception that is thrown when a limit of the whole service is reached. The response is 503. Nothing of the
/// request was stored.
/// </summary>
/// <param name="code">The cause in camelCase, for example <c>memoryLimitReached</c>.</param>
/// <param name="message">What the caller can do.</param>
/// <param name="retryAfter">The time that the caller should wait before it sends the request again.</param>
internal sealed class ServiceLimitException(string code, string message, TimeSpan retryAfter) : Exception(message)
{
    /// <summary>The cause in camelCase.</summary>
    public string Code => code;

    /// <summary>The time that the caller should wait before it sends the request again.</summary>
    public TimeSpan RetryAfter => retryAfter;
}
