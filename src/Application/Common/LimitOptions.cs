using System.ComponentModel.DataAnnotations;

namespace IndustryData.Application.Common;

/// <summary>
/// Limits that keep one tenant from slowing the others, and all of them from exhausting the process (configuration
/// section <c>Limits</c>). Each instance of the service counts for itself.
/// </summary>
public sealed record LimitOptions
{
    /// <summary>Requests per second that a tenant may send in the long run.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; init; } = 50_000;

    /// <summary>Requests that a tenant may send at once after a pause.</summary>
    [Range(1, 1_000_000)]
    public int RequestBurst { get; init; } = 100_000;

    /// <summary>Requests of a tenant that are processed at the same time; the others wait for their turn.</summary>
    [Range(1, 10_000)]
    public int ConcurrentRequests { get; init; } = 128;

    /// <summary>Requests of a tenant that may wait for their turn; those beyond are refused.</summary>
    [Range(0, 100_000)]
    public int QueuedRequests { get; init; } = 2_000;

    /// <summary>Reads of a tenant that may use the connections for arbitrary queries at the same time.</summary>
    [Range(1, 1_000)]
    public int ConcurrentSlowReads { get; init; } = 4;

    /// <summary>Reads of a tenant that may wait for such a connection; those beyond are refused.</summary>
    [Range(0, 10_000)]
    public int QueuedSlowReads { get; init; } = 64;

    /// <summary>The part of the write queue that a tenant may fill, in percent.</summary>
    [Range(1, 100)]
    public int WriteQueueSharePercent { get; init; } = 25;

    /// <summary>Megabytes that the bodies of all requests and responses may occupy together.</summary>
    [Range(64, 1_000_000)]
    public int MemoryMegabytes { get; init; } = 256;

    /// <summary>The part of that memory that a tenant may occupy, in percent.</summary>
    [Range(1, 100)]
    public int MemorySharePercent { get; init; } = 25;

    /// <summary>Open connections to the service.</summary>
    [Range(10, 1_000_000)]
    public int Connections { get; init; } = 5_000;

    /// <summary>The part of these connections that one client address may hold, in percent.</summary>
    [Range(1, 100)]
    public int ConnectionsPerAddressPercent { get; init; } = 75;

    /// <summary>
    /// The seconds without a byte after which a caller that sends a body is disconnected. A caller that takes an answer
    /// has twice as long, and a fifth of that while more than half of <see cref="MemoryMegabytes"/> is held.
    /// </summary>
    [Range(1, 3_600)]
    public int IdleTransferSeconds { get; init; } = 10;

    /// <summary>Streams of changes that may be open at the same time.</summary>
    [Range(0, 100_000)]
    public int Streams { get; init; } = 500;

    /// <summary>Streams of changes of one tenant that may be open at the same time.</summary>
    [Range(0, 100_000)]
    public int StreamsPerTenant { get; init; } = 250;
}
