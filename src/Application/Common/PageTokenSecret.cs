using System.Buffers.Binary;
using System.Security.Cryptography;

namespace IndustryData.Application.Common;

/// <summary>A key of the database, as page tokens use it.</summary>
/// <param name="KeyId">Names the key within a token. It follows from the key, so that keys of two databases never share
/// one.</param>
/// <param name="Secret">32 bytes, from which the key of each tenant is derived.</param>
public sealed record PageTokenSecret(long KeyId, byte[] Secret)
{
    private const int SecretLength = 32;

    /// <summary>Derives the id and the secret from a key of the database (HKDF, RFC 5869).</summary>
    public static PageTokenSecret Derive(byte[] key)
    {
        var keyId = HKDF.DeriveKey(
            HashAlgorithmName.SHA256,
            key,
            sizeof(long),
            info: "IndustryData page token key id"u8.ToArray()
        );
        var secret = HKDF.DeriveKey(
            HashAlgorithmName.SHA256,
            key,
            SecretLength,
            info: "IndustryData page token secret"u8.ToArray()
        );
        return new PageTokenSecret(BinaryPrimitives.ReadInt64BigEndian(keyId), secret);
    }
}
