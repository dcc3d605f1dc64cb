using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.OData;

/// <summary>Writes the place where the next page begins as an opaque <c>$skiptoken</c>, signed for one tenant, so that nobody can make one up.</summary>
internal sealed class PageToken(IPageTokenKey key)
{
    private const int PlaceLength = 8 + 16;
    private const int SignatureLength = 16;

    /// <summary>Writes a place.</summary>
    public async ValueTask<string> WriteAsync(TenantId tenantId, RunPosition place, CancellationToken cancellationToken)
    {
        var token = new byte[PlaceLength + SignatureLength];
        BinaryPrimitives.WriteInt64BigEndian(token, place.StartDateTime.UtcTicks);
        place.Id.Value.TryWriteBytes(token.AsSpan(8), bigEndian: true, out _);
        Sign(await key.GetAsync(cancellationToken), tenantId, token.AsSpan(0, PlaceLength), token.AsSpan(PlaceLength));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>Reads a place; null when the token is not one that this service wrote for the tenant.</summary>
    public async ValueTask<RunPosition?> ReadAsync(TenantId tenantId, string text, CancellationToken cancellationToken)
    {
        var token = new byte[PlaceLength + SignatureLength];
        if (!Base64Url.IsValid(text, out var length) || length != token.Length || !Base64Url.TryDecodeFromChars(text, token, out _))
        {
            return null;
        }

        var expected = new byte[SignatureLength];
        Sign(await key.GetAsync(cancellationToken), tenantId, token.AsSpan(0, PlaceLength), expected);
        return CryptographicOperations.FixedTimeEquals(expected, token.AsSpan(PlaceLength))
            ? new RunPosition(
                new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(token), TimeSpan.Zero),
                new RunId(new Guid(token.AsSpan(8, 16), bigEndian: true)))
            : null;
    }

    private static void Sign(byte[] key, TenantId tenantId, ReadOnlySpan<byte> place, Span<byte> signature)
    {
        Span<byte> signed = stackalloc byte[16 + PlaceLength];
        tenantId.Value.TryWriteBytes(signed, bigEndian: true, out _);
        place.CopyTo(signed[16..]);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, signed, hash);
        hash[..SignatureLength].CopyTo(signature);
    }
}
