using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Tracks the availability of an OpenID Connect provider until its configuration is known. The configuration is fetched
/// once for all requests that wait for it. After a failure, the next requests are rejected at once, so that no request
/// waits for a provider that does not respond. Later refreshes run in the background and keep the known configuration.
/// </summary>
internal sealed partial class IssuerAvailability(string authority)
{
    /// <summary>The timeout of a fetch.</summary>
    public static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The time after a failure in which the provider is not asked again.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private volatile bool _isKnown;
    private Task? _fetch;
    private long? _failedAt;

    /// <summary>Fetches the configuration of the provider if it is not known yet.</summary>
    /// <param name="configuration">Fetches and caches the configuration.</param>
    /// <param name="clock">Measures the time since a failure.</param>
    /// <param name="logger">Receives failures.</param>
    /// <param name="cancellationToken">Cancels the wait of this caller, not the fetch.</param>
    /// <returns>Returns true if the configuration is known.</returns>
    public async ValueTask<bool> IsAvailableAsync(
        BaseConfigurationManager configuration,
        TimeProvider clock,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        if (_isKnown)
        {
            return true;
        }

        Task fetch;
        lock (_lock)
        {
            if (_fetch is null or { IsCompleted: true })
            {
                if (_isKnown || (_failedAt is { } failedAt && clock.GetElapsedTime(failedAt) < RetryInterval))
                {
                    return _isKnown;
                }

                _fetch = Task.Run(() => FetchAsync(configuration, clock, logger), CancellationToken.None);
            }

            fetch = _fetch;
        }

        await fetch.WaitAsync(cancellationToken);
        return _isKnown;
    }

    private async Task FetchAsync(BaseConfigurationManager configuration, TimeProvider clock, ILogger logger)
    {
        try
        {
            using var timeout = new CancellationTokenSource(FetchTimeout);
            await configuration.GetBaseConfigurationAsync(timeout.Token).WaitAsync(timeout.Token);
            _isKnown = true;
        }
        catch (Exception exception)
        {
            // After any exception, the keys of the provider are not known.
            lock (_lock)
            {
                _failedAt = clock.GetTimestamp();
            }

            LogUnavailable(logger, authority, (exception.InnerException ?? exception).Message.ReplaceLineEndings(" "));
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The authority {Authority} cannot be reached, so its tokens cannot be validated: {Reason}"
    )]
    private static partial void LogUnavailable(ILogger logger, string authority, string reason);
}

/// <summary>
/// The exception that is thrown when the issuer of a token cannot be reached and its keys are not known yet.
/// </summary>
internal sealed class IssuerUnavailableException() : Exception("The token's issuer cannot be reached.");

/// <summary>The exception for a token that violates a rule of this service.</summary>
/// <param name="message">A fixed text that is sent to the caller.</param>
internal sealed class TokenRefusedException(string message) : Exception(message);
