namespace IndustryData.WebApi.Cli;

/// <summary>The settings of the metrics page (configuration section <c>Metrics</c>).</summary>
internal sealed class MetricsOptions
{
    public const string Section = "Metrics";

    /// <summary>
    /// The URL at which Prometheus reads <c>/metrics</c>, for example <c>http://127.0.0.1:9464</c>. The page needs no
    /// token and shows numbers of all tenants together, so the address must not be reachable for them. If it is empty,
    /// there is no page.
    /// </summary>
    public string Url { get; set; } = "";
}
