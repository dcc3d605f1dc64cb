using System.Security.Cryptography;
using System.Text;
using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>A record of a request with an idempotency key and of its result.</summary>
internal sealed class IdempotencyRecord
{
    public TenantId TenantId { get; init; }

    /// <summary>
    /// The hash of the key (<see cref="HashOf"/>). A key may be long, and the hash keeps the index small.
    /// </summary>
    public Guid KeyHash { get; init; }

    public byte[] RequestFingerprint { get; init; } = [];

    /// <summary>The id of the run that the request added or started, or of the activity that it added.</summary>
    public RunId ResourceId { get; init; }

    public bool ReturnRepresentation { get; init; }

    public DateTimeOffset CreatedDateTime { get; init; }

    /// <summary>Returns the first 16 bytes of the SHA-256 hash of a key.</summary>
    public static Guid HashOf(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        return new Guid(hash[..16], bigEndian: true);
    }
}
