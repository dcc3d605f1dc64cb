namespace IndustryData.WebApi.Http;

/// <summary>A limit of the whole service is reached: 503. Nothing of the request was stored.</summary>
/// <param name="code">The cause in camelCase, for example <c>memoryLimitReached</c>.</param>
/// <param name="message">What the caller can do.</param>
/// <param name="retryAfter">How long the caller should wait before it sends the request again.</param>
internal sealed class ServiceLimitException(string code, string message, TimeSpan retryAfter) : Exception(message)
{
    /// <summary>The cause in camelCase.</summary>
    public string Code => code;

    /// <summary>How long the caller should wait before it sends the request again.</summary>
    public TimeSpan RetryAfter => retryAfter;
}
