using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.OData;

/// <summary>Writes the place where a reader goes on as an opaque <c>$skiptoken</c> or <c>$deltatoken</c>, signed for one tenant and for the other options, so that nobody can make one up or take it elsewhere.</summary>
internal sealed class PageToken(IPageTokenKey key)
{
    private const int SignatureLength = 16;

    // Longer than the longest displayName makes one.
    private const int MaxLength = 4096;

    /// <summary>Writes a place.</summary>
    /// <param name="tenantId">Whose runs.</param>
    /// <param name="options">What the token is for: the other options that go with it.</param>
    /// <param name="place">Texts, instants, ids, numbers and nulls.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<string> WriteAsync(TenantId tenantId, string options, IEnumerable<object?> place, CancellationToken cancellationToken)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        foreach (var value in place)
        {
            switch (value)
            {
                case null:
                    writer.Write('n');
                    break;
                case DateTimeOffset instant:
                    writer.Write('t');
                    writer.Write(instant.UtcTicks);
                    break;
                case Guid id:
                    writer.Write('g');
                    writer.Write(id.ToByteArray());
                    break;
                case short number:
                    writer.Write('i');
                    writer.Write(number);
                    break;
                case long number:
                    writer.Write('l');
                    writer.Write(number);
                    break;
                default:
                    writer.Write('s');
                    writer.Write((string)value);
                    break;
            }
        }

        var written = stream.ToArray();
        return Base64Url.EncodeToString([.. written, .. Sign(await key.GetAsync(cancellationToken), tenantId, options, written)]);
    }

    /// <summary>Reads a place; null when the token is not one that this service wrote for the tenant and these options.</summary>
    public async ValueTask<IReadOnlyList<object?>?> ReadAsync(TenantId tenantId, string options, string text, CancellationToken cancellationToken)
    {
        var token = new byte[MaxLength];
        if (text.Length > MaxLength || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, token, out var length) || length <= SignatureLength)
        {
            return null;
        }

        var place = token[..(length - SignatureLength)];
        var signature = Sign(await key.GetAsync(cancellationToken), tenantId, options, place);
        return CryptographicOperations.FixedTimeEquals(signature, token.AsSpan(place.Length, SignatureLength)) ? Read(place) : null;
    }

    // Nothing can be wrong with it: only what this class wrote is signed.
    private static List<object?> Read(byte[] place)
    {
        using var reader = new BinaryReader(new MemoryStream(place));
        var keys = new List<object?>();
        while (reader.BaseStream.Position < place.Length)
        {
            keys.Add(reader.ReadChar() switch
            {
                't' => new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero),
                'g' => new Guid(reader.ReadBytes(16)),
                'i' => reader.ReadInt16(),
                'l' => reader.ReadInt64(),
                's' => reader.ReadString(),
                _ => null,
            });
        }

        return keys;
    }

    private static byte[] Sign(byte[] key, TenantId tenantId, string options, byte[] place)
    {
        byte[] signed = [.. tenantId.Value.ToByteArray(bigEndian: true), .. SHA256.HashData(Encoding.UTF8.GetBytes(options)), .. place];
        return HMACSHA256.HashData(key, signed)[..SignatureLength];
    }
}
