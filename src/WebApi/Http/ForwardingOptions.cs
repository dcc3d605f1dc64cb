namespace IndustryData.WebApi.Http;

/// <summary>The settings for trusted proxies (configuration section <see cref="Section"/>).</summary>
internal sealed class ForwardingOptions
{
    /// <summary>The name of the configuration section.</summary>
    public const string Section = "ForwardedHeaders";

    /// <summary>
    /// The addresses and networks (<c>10.0.0.0/8</c>) of the proxies whose <c>X-Forwarded-*</c> headers are honored.
    /// </summary>
    public List<string> KnownProxies { get; } = [];

    /// <summary>
    /// True if <c>X-Forwarded-Prefix</c> is honored too. Use it only with a proxy that sets or removes this header in
    /// every request.
    /// </summary>
    public bool Prefix { get; set; }
}
