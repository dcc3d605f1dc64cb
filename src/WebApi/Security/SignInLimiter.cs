using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using IndustryData.Application.Common;

namespace IndustryData.WebApi.Security;

/// <summary>The settings for the sign-in of browsers (configuration section <c>SignIn</c>).</summary>
internal sealed class SignInOptions
{
    public const string Section = "SignIn";

    /// <summary>The attempts in a minute that are allowed for one client address.</summary>
    [Range(1, 10_000)]
    public int AttemptsPerMinute { get; set; } = 10;

    /// <summary>
    /// The URL of the service in sign-in links, as browsers reach it; null for the URL that the service listens on.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>
    /// True to print a sign-in link on standard output at start. With the development key, the service always prints
    /// one.
    /// </summary>
    public bool PrintLink { get; set; }
}

/// <summary>
/// Limits the attempts of a client address to sign in. Addresses without recent attempts take no memory.
/// </summary>
internal sealed class SignInLimiter(SignInOptions options) : IDisposable
{
    private const int PrefixBytes = 8;

    private static readonly TimeSpan _window = TimeSpan.FromMinutes(1);

    private readonly PartitionedRateLimiter<IPAddress> _attempts = PartitionedRateLimiter.Create<IPAddress, IPAddress>(
        address =>
            RateLimitPartition.GetFixedWindowLimiter(
                Network(address),
                _ => new FixedWindowRateLimiterOptions { PermitLimit = options.AttemptsPerMinute, Window = _window }
            )
    );

    /// <summary>Counts an attempt.</summary>
    /// <exception cref="LimitExceededException">The address has no attempt left.</exception>
    public void Count(HttpContext http)
    {
        using var lease = _attempts.AttemptAcquire(http.Connection.RemoteIpAddress ?? IPAddress.None);
        if (!lease.IsAcquired)
        {
            throw new LimitExceededException(
                "tooManySignIns",
                $"More than {options.AttemptsPerMinute} attempts to sign in came from this address in a minute. "
                    + "Wait, and try again.",
                lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : _window
            );
        }
    }

    /// <inheritdoc />
    public void Dispose() => _attempts.Dispose();

    // Every host of IPv6 has at least 2^64 addresses.
    private static IPAddress Network(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(PrefixBytes).Clear();
        return new IPAddress(bytes);
    }
}
