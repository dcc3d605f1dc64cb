using System.Buffers.Binary;
using System.Security.Cryptography;

namespace IndustryData.Domain.Runs;

/// <summary>
/// Identifies an activity within its run. The value is a UUIDv7 (RFC 9562 §5.7) that increases with each activity of
/// the run, independent of the clock.
/// </summary>
/// <remarks>
/// A caller may ask for any GUID, so every GUID is an id. Only <see cref="New"/> makes the id of an activity.
/// </remarks>
public readonly record struct ActivityId
{
    private ActivityId(Guid value) => Value = value;

    /// <summary>The nil UUID (RFC 9562 §5.9), which is the id of no activity.</summary>
    public static ActivityId Nil => default;

    /// <summary>The GUID.</summary>
    public Guid Value { get; }

    /// <summary>
    /// Creates the id of a new activity. It consists of the milliseconds of the run's id, the ordinal in the 12 bits of
    /// <c>rand_a</c>, and 62 random bits.
    /// </summary>
    /// <param name="run">The id of the run that the activity belongs to.</param>
    /// <param name="ordinal">The number of activities of the run so far: 0 to <see cref="Run.MaxActivities"/>.</param>
    public static ActivityId New(RunId run, int ordinal)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ordinal);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ordinal, Run.MaxActivities);
        Span<byte> bytes = stackalloc byte[16];
        run.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | ordinal));
        RandomNumberGenerator.Fill(bytes[8..]);
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new ActivityId(new Guid(bytes, bigEndian: true));
    }

    /// <summary>Returns the id with this value, which comes from the store or from a caller.</summary>
    public static ActivityId FromGuid(Guid value) => new(value);

    /// <summary>Parses an id. Returns null if the text is not a valid id.</summary>
    public static ActivityId? TryParse(string text) => RunId.TryParse(text) is { } id ? new ActivityId(id.Value) : null;

    /// <inheritdoc />
    public override string ToString() => Value.ToString();
}
