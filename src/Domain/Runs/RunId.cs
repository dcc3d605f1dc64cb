using System.Buffers.Binary;
using System.Security.Cryptography;

namespace IndustryData.Domain.Runs;

/// <summary>
/// Identifies a run. The value is a UUIDv7 (RFC 9562 §5.7). Its first 48 bits are the server's clock in milliseconds
/// since 1970.
/// </summary>
/// <remarks>
/// A caller may ask for any GUID, so every GUID is an id. Only <see cref="New"/> makes the id of a run.
/// </remarks>
public readonly record struct RunId
{
    private const int Size = 16;
    private const int BufferedIds = 256;

    [ThreadStatic]
    private static byte[]? _bits;

    [ThreadStatic]
    private static int _nextId;

    private RunId(Guid value) => Value = value;

    /// <summary>The nil UUID (RFC 9562 §5.9), which is the id of no run.</summary>
    public static RunId Nil => default;

    /// <summary>The GUID.</summary>
    public Guid Value { get; }

    /// <summary>Creates the id of a new run.</summary>
    /// <param name="now">The current time of the server. It determines the partition that stores the run.</param>
    public static RunId New(DateTimeOffset now)
    {
        // Guid.CreateVersion7 makes a system call for the random bits of each id.
        var bits = _bits ??= new byte[BufferedIds * Size];
        if (_nextId == 0)
        {
            RandomNumberGenerator.Fill(bits);
        }

        var id = bits.AsSpan(_nextId * Size, Size);
        _nextId = (_nextId + 1) % BufferedIds;
        Span<byte> time = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(time, now.ToUnixTimeMilliseconds());
        time[2..].CopyTo(id);
        id[6] = (byte)(0x70 | (id[6] & 0x0F)); // the version
        id[8] = (byte)(0x80 | (id[8] & 0x3F)); // the variant
        return new RunId(new Guid(id, bigEndian: true));
    }

    /// <summary>Returns the id with this value, which comes from the store or from a caller.</summary>
    public static RunId FromGuid(Guid value) => new(value);

    /// <summary>The first day of the quarter (UTC) in which the id was created.</summary>
    public DateOnly PartitionQuarter
    {
        get
        {
            Span<byte> bytes = stackalloc byte[Size];
            Value.TryWriteBytes(bytes, bigEndian: true, out _);

            // An id that was not created by the service may contain a time beyond the range of DateTime.
            var milliseconds = Math.Min(
                BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16,
                (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond
            );
            var made = DateTime.UnixEpoch.AddMilliseconds(milliseconds);
            return new DateOnly(made.Year, made.Month - ((made.Month - 1) % 3), 1);
        }
    }

    /// <summary>
    /// Parses an id in the format 8-4-4-4-12, in upper or lower case. Returns null if the text is not a valid id.
    /// </summary>
    // The .NET parser alone would accept surrounding white space, and 0x and + inside the text.
    public static RunId? TryParse(string text) =>
        Guid.TryParseExact(text, "D", out var id) && text.Equals(id.ToString(), StringComparison.OrdinalIgnoreCase)
            ? new RunId(id)
            : null;

    /// <inheritdoc />
    public override string ToString() => Value.ToString();
}
