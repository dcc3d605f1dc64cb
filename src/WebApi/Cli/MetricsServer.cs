using System.Net.Sockets;
using OpenTelemetry.Metrics;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Serves <c>/metrics</c> on an address of its own, without a token. It is a separate server, so that no path of the
/// API is reachable there and no limit of the API applies.
/// </summary>
/// <param name="url">The address.</param>
/// <param name="metrics">The metrics.</param>
/// <param name="logger">Warns of an address that other machines can reach.</param>
/// <param name="isLocal">True if only this machine can reach the address.</param>
internal sealed partial class MetricsServer(
    string url,
    MeterProvider metrics,
    ILogger<MetricsServer> logger,
    bool isLocal
) : IHostedService, IAsyncDisposable
{
    private const int MaxConnections = 20;

    private WebApplication? _app;

    /// <inheritdoc />
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // An empty builder reads no configuration. The settings of the service's own server do not apply.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder
            .WebHost.UseKestrelCore()
            .UseUrls(url)
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            });
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
        catch (Exception exception) when (exception is IOException or SocketException or InvalidOperationException)
        {
            throw new StartupException($"Metrics:Url: the service cannot listen at {url} ({exception.Message}).");
        }

        if (!isLocal)
        {
            LogReachable(url);
        }
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) =>
        _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Other machines may reach the metrics at {Url}, which need no token; let only Prometheus reach it"
    )]
    private partial void LogReachable(string url);
}
