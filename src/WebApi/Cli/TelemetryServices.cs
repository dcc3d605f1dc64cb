using System.Reflection;
using IndustryData.Application.Common;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Registers the exporters of OpenTelemetry. Without a collector and without a metrics page, nothing is measured.
/// </summary>
internal static class TelemetryServices
{
    private const string CollectorVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    // The meters of .NET, ASP.NET Core and Npgsql: requests by route and status, connections, pools and the runtime.
    private static readonly string[] _meters =
    [
        Telemetry.Name,
        "Npgsql",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "System.Runtime",
    ];

    // Prometheus reserves the ending "count" for histograms and summaries.
    private static readonly Dictionary<string, string> _renamed = new()
    {
        ["db.client.connection.count"] = "db.client.connections",
        ["dotnet.assembly.count"] = "dotnet.assemblies",
        ["dotnet.process.cpu.count"] = "dotnet.process.cpus",
        ["dotnet.timer.count"] = "dotnet.timers",
    };

    // Counters that change with each request or query. They take more processor time than the histograms of the
    // durations, which also count the requests and the queries.
    private static readonly string[] _dropped =
    [
        "http.server.active_requests",
        "db.client.operation.npgsql.executing",
        "db.client.operation.npgsql.bytes_read",
        "db.client.operation.npgsql.bytes_written",
    ];

    /// <summary>Registers the exporters that the configuration requests.</summary>
    /// <exception cref="StartupException">A setting cannot be used.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var url = Settings.Read<MetricsOptions>(builder.Configuration, MetricsOptions.Section).Url;
        var collector = builder.Configuration[CollectorVariable] ?? "";
        if (collector.Length > 0 && !IsHttp(collector))
        {
            throw new StartupException(
                $"{CollectorVariable} is '{collector}', but must be the URL of a collector like http://localhost:4317."
            );
        }

        if (url.Length > 0 && (Parse(url) is not { Scheme: "http", PathAndQuery: "/" }))
        {
            throw new StartupException(
                $"Metrics:Url is '{url}', but must be an http URL without a path, like http://127.0.0.1:9464."
            );
        }

        if (url.Length == 0 && collector.Length == 0)
        {
            return;
        }

        var version = typeof(TelemetryServices).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        var telemetry = builder
            .Services.AddOpenTelemetry()
            .ConfigureResource(resource =>
                resource.AddService("industrydata", serviceVersion: version?.InformationalVersion)
            )
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(_meters);
                foreach (var (name, exported) in _renamed)
                {
                    metrics.AddView(name, exported);
                }

                foreach (var name in _dropped)
                {
                    metrics.AddView(name, MetricStreamConfiguration.Drop);
                }

                if (url.Length > 0)
                {
                    metrics.AddPrometheusExporter();
                }

                if (collector.Length > 0)
                {
                    metrics.AddOtlpExporter();
                }
            });
        if (collector.Length > 0)
        {
            telemetry.WithTracing(traces =>
                traces.AddSource(Telemetry.Name).AddAspNetCoreInstrumentation().AddNpgsql().AddOtlpExporter()
            );
        }

        if (url.Length > 0)
        {
            builder.Services.AddHostedService(services => new MetricsServer(
                url,
                services.GetRequiredService<MeterProvider>(),
                services.GetRequiredService<ILogger<MetricsServer>>(),
                isLocal: Parse(url)!.IsLoopback && !url.Contains('*', StringComparison.Ordinal)
            ));
        }
    }

    private static bool IsHttp(string url) =>
        Parse(url) is { } parsed && (parsed.Scheme == Uri.UriSchemeHttp || parsed.Scheme == Uri.UriSchemeHttps);

    // The host * stands for every address of the machine.
    private static Uri? Parse(string url) =>
        Uri.TryCreate(url.Replace("://*", "://localhost", StringComparison.Ordinal), UriKind.Absolute, out var parsed)
            ? parsed
            : null;
}
