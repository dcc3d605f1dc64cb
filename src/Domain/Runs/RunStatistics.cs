using System.Text.Json;

namespace IndustryData.Domain.Runs;

/// <summary>
/// The statistics of a run: a JSON object of which the counts in <c>inboundTotals</c> are known. Two statistics are
/// equal if their JSON values are equal.
/// </summary>
public sealed class RunStatistics : IEquatable<RunStatistics>
{
    /// <summary>The maximum size of statistics as reported, in bytes.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The maximum nesting depth, in levels. <c>{}</c> has one level.</summary>
    public const int MaxLevels = JsonObjectText.MaxLevels;

    /// <summary>
    /// The largest allowed count, 2⁵³−1. Larger JSON numbers lose digits in JavaScript and Power Query (RFC 8259 §6).
    /// </summary>
    public const long LargestCount = 9_007_199_254_740_991;

    // The text may be larger than what was reported, because it names the type of each activity.
    private const int MaxTextBytes = 4 * MaxBytes;

    /// <summary>Empty statistics.</summary>
    public static readonly RunStatistics Empty = new() { Json = "{}", InboundTotals = new InboundTotals() };

    // Used by the store, which sets the properties.
    private RunStatistics() { }

    /// <summary>The statistics as a JSON object.</summary>
    public string Json { get; private init; } = "{}";

    /// <summary>The counts in the member <c>inboundTotals</c>.</summary>
    public InboundTotals InboundTotals { get; private init; } = new();

    /// <summary>Creates statistics from a JSON object in UTF-8.</summary>
    /// <exception cref="ArgumentException">
    /// The text is not one JSON object, too large or nested too deeply; or a member of <c>inboundTotals</c> is not a
    /// count.
    /// </exception>
    public static RunStatistics Parse(ReadOnlySpan<byte> utf8Json)
    {
        var totals = Empty.InboundTotals;
        var json = JsonObjectText.Parse(utf8Json, MaxTextBytes, ReadMember, ref totals);
        return new RunStatistics { Json = json, InboundTotals = totals };
    }

    /// <inheritdoc />
    public bool Equals(RunStatistics? other) =>
        other is not null && InboundTotals == other.InboundTotals && JsonEquality.DeepEquals(Json, other.Json);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as RunStatistics);

    /// <inheritdoc />
    public override int GetHashCode() => InboundTotals.GetHashCode();

    private static void ReadMember(ref Utf8JsonReader reader, ref InboundTotals totals)
    {
        if (!reader.ValueTextEquals("inboundTotals"u8))
        {
            reader.Skip();
            return;
        }

        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            totals = ReadTotals(ref reader);
        }
        else if (reader.TokenType != JsonTokenType.Null)
        {
            throw new JsonException("inboundTotals is neither an object nor null.");
        }
    }

    private static InboundTotals ReadTotals(ref Utf8JsonReader reader)
    {
        long? errors = null;
        long? warnings = null;
        long? groups = null;
        long? memberships = null;
        long? organizations = null;
        long? people = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("errors"u8))
            {
                errors = ReadCount(ref reader);
            }
            else if (reader.ValueTextEquals("warnings"u8))
            {
                warnings = ReadCount(ref reader);
            }
            else if (reader.ValueTextEquals("groups"u8))
            {
                groups = ReadCount(ref reader);
            }
            else if (reader.ValueTextEquals("memberships"u8))
            {
                memberships = ReadCount(ref reader);
            }
            else if (reader.ValueTextEquals("organizations"u8))
            {
                organizations = ReadCount(ref reader);
            }
            else if (reader.ValueTextEquals("people"u8))
            {
                people = ReadCount(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new InboundTotals
        {
            Errors = errors,
            Warnings = warnings,
            Groups = groups,
            Memberships = memberships,
            Organizations = organizations,
            People = people,
        };
    }

    private static long? ReadCount(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? null
            : reader.TokenType == JsonTokenType.Number
            && reader.TryGetInt64(out var count)
            && count is >= 0 and <= LargestCount
                ? count
            : throw new JsonException("A member of inboundTotals is not a count.");
    }
}
