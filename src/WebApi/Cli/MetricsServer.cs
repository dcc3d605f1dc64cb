using OpenTelemetry.Metrics;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Serves <c>/metrics</c> on an address of its own, without a token. It is a separate server, so that no path of the
/// API is reachable there and no limit of the API applies.
/// </summary>
/// <param name="url">The address.</param>
/// <param name="metrics">The metrics.</param>
internal sealed class MetricsServer(string url, MeterProvider metrics) : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // An empty builder reads no configuration. The settings of the service's own server do not apply.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(url).ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        _app = builder.Build();
        _app.UseOpenTelemetryPrometheusScrapingEndpoint(
            metrics,
            predicate: null,
            path: "/metrics",
            configureBranchedPipeline: null,
            optionsName: null
        );
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new StartupException($"Metrics:Url: the service cannot listen at {url} ({exception.Message}).");
        }
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) =>
        _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;
}
