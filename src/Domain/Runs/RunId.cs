using System.Buffers.Binary;

namespace IndustryData.Domain.Runs;

/// <summary>Identifies a run: a UUIDv7 (RFC 9562 §5.7), whose first 48 bits are the server's clock in milliseconds since 1970.</summary>
public readonly record struct RunId(Guid Value)
{
    /// <summary>Makes the id of a new run.</summary>
    /// <param name="now">The server's clock: it decides the partition that the run is kept in.</param>
    public static RunId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    /// <summary>The first day of the quarter (UTC) that the id was made in.</summary>
    public DateOnly PartitionQuarter
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            Value.TryWriteBytes(bytes, bigEndian: true, out _);

            // An id that somebody else made may carry a time beyond all years.
            var milliseconds = Math.Min(BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16, (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond);
            var made = DateTime.UnixEpoch.AddMilliseconds(milliseconds);
            return new DateOnly(made.Year, made.Month - ((made.Month - 1) % 3), 1);
        }
    }

    /// <summary>The id that a text writes, 8-4-4-4-12 in any case; null when it writes none.</summary>
    // The parser alone would take white space around it, and 0x and + inside it.
    public static RunId? TryParse(string text) => Guid.TryParseExact(text, "D", out var id) && text.Equals(id.ToString(), StringComparison.OrdinalIgnoreCase) ? new RunId(id) : null;

    /// <inheritdoc />
    public override string ToString() => Value.ToString();
}
