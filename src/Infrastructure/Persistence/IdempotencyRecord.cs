using System.Security.Cryptography;
using System.Text;
using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>A request that may be repeated, and what it was answered.</summary>
internal sealed class IdempotencyRecord
{
    public TenantId TenantId { get; init; }

    /// <summary>The hash of the key (<see cref="HashOf"/>), which keeps the index small: a key may be long.</summary>
    public Guid KeyHash { get; init; }

    public byte[] RequestFingerprint { get; init; } = [];

    /// <summary>The run that it added or started; or the id of the activity that it added.</summary>
    public RunId ResourceId { get; init; }

    public bool ReturnRepresentation { get; init; }

    public DateTimeOffset CreatedDateTime { get; init; }

    /// <summary>The first 16 bytes of the SHA-256 of a key.</summary>
    public static Guid HashOf(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        return new Guid(hash[..16], bigEndian: true);
    }
}
