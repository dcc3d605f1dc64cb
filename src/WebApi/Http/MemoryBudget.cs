using IndustryData.Application.Common;

namespace IndustryData.WebApi.Http;

/// <summary>
/// The memory that request bodies and responses may occupy in this process, in total and per tenant. Safe for
/// concurrent use.
/// </summary>
internal sealed class MemoryBudget(LimitOptions limits)
{
    private const long Megabyte = 1024 * 1024;

    private static readonly TimeSpan _retryAfter = TimeSpan.FromSeconds(1);

    private readonly long _total = limits.MemoryMegabytes * Megabyte;
    private readonly long _share = limits.MemoryMegabytes * Megabyte * limits.MemorySharePercent / 100;

    private long _heldBytes;

    /// <summary>The number of bytes that are currently reserved.</summary>
    public long HeldBytes => Interlocked.Read(ref _heldBytes);

    /// <summary>The maximum number of bytes that one tenant may hold.</summary>
    public long ShareBytes => _share;

    /// <summary>True while more than half of the total is reserved.</summary>
    public bool IsScarce => HeldBytes > _total / 2;

    /// <summary>Reserves memory for a tenant.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="bytes">The number of bytes.</param>
    /// <param name="isRequired">
    /// True if the bytes are reserved regardless of the limits, for example for the response to a committed write.
    /// </param>
    /// <exception cref="LimitExceededException">
    /// The tenant would hold more than its share. The response is 429.
    /// </exception>
    /// <exception cref="ServiceLimitException">
    /// All tenants together would hold more than the total. The response is 503.
    /// </exception>
    public void Reserve(TenantLoad tenant, long bytes, bool isRequired)
    {
        if (tenant.AddBytes(bytes) > _share && !isRequired)
        {
            tenant.AddBytes(-bytes);
            throw new LimitExceededException(
                "memoryShareExceeded",
                "The requests and responses of your tenant occupy all the memory that one tenant may use; "
                    + "wait for your other requests, read their responses, or ask for smaller pages.",
                _retryAfter
            );
        }

        if (Interlocked.Add(ref _heldBytes, bytes) > _total && !isRequired)
        {
            Release(tenant, bytes);
            throw new ServiceLimitException(
                "memoryLimitReached",
                "The requests and responses in progress occupy all the memory of the service; "
                    + "send the request again later.",
                _retryAfter
            );
        }
    }

    /// <summary>Releases reserved memory.</summary>
    public void Release(TenantLoad tenant, long bytes)
    {
        tenant.AddBytes(-bytes);
        Interlocked.Add(ref _heldBytes, -bytes);
    }
}
