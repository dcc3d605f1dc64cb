using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.OData;

/// <summary>
/// Writes the position of a reader as an opaque <c>$skiptoken</c> or <c>$deltatoken</c>, and reads such tokens. A token
/// is encrypted and authenticated (AES-256-GCM) for one tenant, one purpose and the other options of the request.
/// Callers cannot read a token, change it, or use it for another tenant, purpose or request.
/// </summary>
/// <remarks>Layout: version (1 byte), key id (8), nonce (12), ciphertext, tag (16); then base64url.</remarks>
internal sealed class PageTokenProtector(IPageTokenKeyProvider keys)
{
    /// <summary>The purpose of the tokens of a list.</summary>
    public const string List = "list";

    /// <summary>The purpose of the tokens of a list of activities.</summary>
    public const string Activities = "activities";

    /// <summary>The purpose of the tokens of a delta query.</summary>
    public const string Delta = "delta";

    // Increment the version when the content of a token or its encryption changes.
    private const byte Version = 1;

    private const int KeyLength = 32;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int HeaderLength = 1 + sizeof(long);
    private const int CiphertextStart = HeaderLength + NonceLength;
    private const int MinLength = CiphertextStart + TagLength;

    // The longest displayName results in a shorter token.
    private const int MaxLength = 4096;

    // Bounds the memory to about 3 MB, mostly for the idle ciphers.
    private const int MaxCachedTenants = 2_000;

    // The random bytes of this many tokens are generated at once, because each call makes a system call.
    private const int NoncesPerRead = 32;

    [ThreadStatic]
    private static NonceBuffer? _nonces;

    private readonly ConcurrentDictionary<(long KeyId, TenantId TenantId), TenantCipher> _tenantCiphers = new();

    /// <summary>Writes a position as a token.</summary>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="purpose"><see cref="List"/>, <see cref="Activities"/> or <see cref="Delta"/>.</param>
    /// <param name="options">The other options of the request, to which the token is bound.</param>
    /// <param name="place">The position: strings, timestamps, ids, numbers and nulls.</param>
    /// <param name="cancellationToken">Cancels the read of the key.</param>
    public async ValueTask<string> WriteAsync(
        TenantId tenantId,
        string purpose,
        string options,
        IEnumerable<object?> place,
        CancellationToken cancellationToken
    )
    {
        var secret = await keys.GetAsync(cancellationToken);
        return Seal(secret, tenantId, purpose, options, Encode(place));
    }

    /// <summary>Reads a position from a token.</summary>
    /// <inheritdoc cref="WriteAsync" />
    public async ValueTask<OpenedToken> ReadAsync(
        TenantId tenantId,
        string purpose,
        string options,
        string text,
        CancellationToken cancellationToken
    )
    {
        var token = new byte[MaxLength];
        if (
            text.Length > MaxLength
            || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, token, out var length)
            || length < MinLength
        )
        {
            return OpenedToken.Invalid;
        }

        var keyId = BinaryPrimitives.ReadInt64BigEndian(token.AsSpan(1));
        if (token[0] != Version || await keys.FindAsync(keyId, cancellationToken) is not { } secret)
        {
            return OpenedToken.Outdated;
        }

        var place = Open(secret, tenantId, purpose, options, token.AsSpan(0, length));
        return place is not null && Decode(place) is { } values
            ? new OpenedToken(values, IsOutdated: false)
            : OpenedToken.Invalid;
    }

    private string Seal(
        PageTokenSecret secret,
        TenantId tenantId,
        string purpose,
        string options,
        ReadOnlySpan<byte> place
    )
    {
        var token = new byte[MinLength + place.Length];
        token[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(token.AsSpan(1), secret.KeyId);
        var nonce = token.AsSpan(HeaderLength, NonceLength);
        (_nonces ??= new NonceBuffer()).Next(nonce);
        var ciphers = CiphersOf(secret, tenantId);
        var cipher = ciphers.Rent();
        cipher.Encrypt(
            nonce,
            place,
            token.AsSpan(CiphertextStart, place.Length),
            token.AsSpan(^TagLength..),
            AssociatedData(token.AsSpan(0, HeaderLength), tenantId, purpose, options)
        );
        ciphers.Return(cipher);
        return Base64Url.EncodeToString(token);
    }

    private byte[]? Open(
        PageTokenSecret secret,
        TenantId tenantId,
        string purpose,
        string options,
        ReadOnlySpan<byte> token
    )
    {
        var place = new byte[token.Length - MinLength];
        var ciphers = CiphersOf(secret, tenantId);
        var cipher = ciphers.Rent();
        try
        {
            cipher.Decrypt(
                token[HeaderLength..CiphertextStart],
                token[CiphertextStart..^TagLength],
                token[^TagLength..],
                place,
                AssociatedData(token[..HeaderLength], tenantId, purpose, options)
            );
            return place;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        finally
        {
            ciphers.Return(cipher);
        }
    }

    // Each tenant has its own key. Therefore the limit on the number of tokens that can be sealed with random nonces
    // before a nonce may repeat (NIST SP 800-38D, 8.3) applies to each tenant separately.
    private TenantCipher CiphersOf(PageTokenSecret secret, TenantId tenantId)
    {
        if (_tenantCiphers.TryGetValue((secret.KeyId, tenantId), out var known))
        {
            return known;
        }

        Span<byte> tenant = stackalloc byte[16];
        tenantId.Value.TryWriteBytes(tenant, bigEndian: true, out _);
        var key = new byte[KeyLength];
        HKDF.Expand(HashAlgorithmName.SHA256, secret.Secret, key, tenant);
        if (_tenantCiphers.Count >= MaxCachedTenants)
        {
            _tenantCiphers.Clear();
        }

        return _tenantCiphers[(secret.KeyId, tenantId)] = new TenantCipher(key);
    }

    private static byte[] AssociatedData(ReadOnlySpan<byte> header, TenantId tenantId, string purpose, string options)
    {
        // A purpose contains no line break. Therefore two different combinations never result in the same text.
        var text = $"{purpose}\n{options}";
        var data = new byte[header.Length + 16 + Encoding.UTF8.GetByteCount(text)];
        header.CopyTo(data);
        tenantId.Value.TryWriteBytes(data.AsSpan(header.Length), bigEndian: true, out _);
        Encoding.UTF8.GetBytes(text, data.AsSpan(header.Length + 16));
        return data;
    }

    private static byte[] Encode(IEnumerable<object?> place)
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

        return stream.ToArray();
    }

    // Authentication ensures that this class wrote the data, but another release of the class may have written it.
    private static List<object?>? Decode(byte[] place)
    {
        using var reader = new BinaryReader(new MemoryStream(place));
        var values = new List<object?>();
        try
        {
            while (reader.BaseStream.Position < place.Length)
            {
                switch (reader.ReadChar())
                {
                    case 't':
                        values.Add(new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero));
                        break;
                    case 'g':
                        values.Add(new Guid(reader.ReadBytes(16)));
                        break;
                    case 'i':
                        values.Add(reader.ReadInt16());
                        break;
                    case 'l':
                        values.Add(reader.ReadInt64());
                        break;
                    case 's':
                        values.Add(reader.ReadString());
                        break;
                    case 'n':
                        values.Add(null);
                        break;
                    default:
                        return null;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or FormatException)
        {
            return null;
        }

        return values;
    }

    /// <summary>
    /// The key of a tenant and an idle cipher with it, because creating a cipher takes longer than using it.
    /// Thread-safe.
    /// </summary>
    private sealed class TenantCipher(byte[] key)
    {
        private AesGcm? _idle;

        /// <summary>Returns a cipher for the exclusive use of the caller.</summary>
        public AesGcm Rent() => Interlocked.Exchange(ref _idle, null) ?? new AesGcm(key, TagLength);

        /// <summary>Keeps a cipher for the next caller.</summary>
        public void Return(AesGcm cipher) => Interlocked.Exchange(ref _idle, cipher)?.Dispose();
    }

    /// <summary>Random nonces. Each is returned once. Not thread-safe.</summary>
    private sealed class NonceBuffer
    {
        private readonly byte[] _bytes = new byte[NoncesPerRead * NonceLength];
        private int _used = NoncesPerRead * NonceLength;

        /// <summary>Writes the next nonce.</summary>
        public void Next(Span<byte> nonce)
        {
            if (_used == _bytes.Length)
            {
                RandomNumberGenerator.Fill(_bytes);
                _used = 0;
            }

            _bytes.AsSpan(_used, NonceLength).CopyTo(nonce);
            _used += NonceLength;
        }
    }
}

/// <summary>The result of reading a token.</summary>
/// <param name="Place">The position, or null if the token is invalid or outdated.</param>
/// <param name="IsOutdated">True if the token has another version, or if its key no longer exists.</param>
internal readonly record struct OpenedToken(IReadOnlyList<object?>? Place, bool IsOutdated)
{
    /// <summary>
    /// The result for text that is not a token of this service, or not a token for this tenant, purpose and options.
    /// </summary>
    public static readonly OpenedToken Invalid = new(null, IsOutdated: false);

    /// <summary>The result for a token of another version or of a key that no longer exists.</summary>
    public static readonly OpenedToken Outdated = new(null, IsOutdated: true);
}
