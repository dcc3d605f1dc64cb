using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Tells whether an OpenID Connect provider has answered yet. Its configuration is fetched once for all who wait for
/// it; after a failure the next requests are refused at once, so that no request queues behind a provider that does not
/// answer. Later refreshes run in the background and keep the configuration that is known.
/// </summary>
internal sealed partial class IssuerAvailability(string authority)
{
    /// <summary>How long a fetch may take.</summary>
    public static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long after a failure the provider is not asked again.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private volatile bool _isKnown;
    private Task? _fetch;
    private long? _failedAt;

    /// <summary>Returns true if the provider's configuration is known, and fetches it if it is not.</summary>
    /// <param name="configuration">Fetches and keeps the configuration.</param>
    /// <param name="clock">Measures the time since a failure.</param>
    /// <param name="logger">Receives failures.</param>
    /// <param name="cancellationToken">Ends the wait of this caller, not the fetch.</param>
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
            // Whatever it is, the provider's keys are not known.
            lock (_lock)
            {
                _failedAt = clock.GetTimestamp();
            }

            LogUnavailable(logger, authority, (exception.InnerException ?? exception).Message.ReplaceLineEndings(" "));
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The authority {Authority} cannot be reached, so that its tokens cannot be checked: {Reason}"
    )]
    private static partial void LogUnavailable(ILogger logger, string authority, string reason);
}

/// <summary>The provider whose token came cannot be reached, and its keys are not known yet.</summary>
internal sealed class IssuerUnavailableException() : Exception("The token's issuer cannot be reached.");

/// <summary>A token is refused for a reason of this service.</summary>
/// <param name="message">A fixed text, which the caller is shown.</param>
internal sealed class TokenRefusedException(string message) : Exception(message);
