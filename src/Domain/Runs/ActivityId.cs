using System.Buffers.Binary;
using System.Security.Cryptography;

namespace IndustryData.Domain.Runs;

/// <summary>Identifies an activity within its run: a UUIDv7 (RFC 9562 §5.7) that grows with each activity of the run, whatever the clocks do.</summary>
public readonly record struct ActivityId(Guid Value)
{
    /// <summary>Makes the id of a new activity: the milliseconds of the run's id, the ordinal in the 12 bits of <c>rand_a</c>, 62 random bits.</summary>
    /// <param name="run">The run that the activity belongs to.</param>
    /// <param name="ordinal">How many activities the run has already: 0 to <see cref="Run.MaxActivities"/>.</param>
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

    /// <summary>The id that a text writes; null when it writes none.</summary>
    public static ActivityId? TryParse(string text) => RunId.TryParse(text) is { } id ? new ActivityId(id.Value) : null;

    /// <inheritdoc />
    public override string ToString() => Value.ToString();
}
