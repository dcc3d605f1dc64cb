namespace IndustryData.WebApi.Http;

/// <summary>Which proxies are trusted, and with what (configuration section <see cref="Section"/>).</summary>
internal sealed class ForwardingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "ForwardedHeaders";

    /// <summary>
    /// Addresses and networks (<c>10.0.0.0/8</c>) of the proxies whose <c>X-Forwarded-*</c> headers are honored.
    /// </summary>
    public List<string> KnownProxies { get; } = [];

    /// <summary>
    /// Whether <c>X-Forwarded-Prefix</c> is honored too: only for a proxy that sets or removes it in every request.
    /// </summary>
    public bool Prefix { get; set; }
}
