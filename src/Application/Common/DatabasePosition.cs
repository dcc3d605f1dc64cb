using System.Globalization;

namespace IndustryData.Application.Common;

/// <summary>A position in the write-ahead log of the database. Later commits have higher positions.</summary>
/// <param name="Value">The log sequence number.</param>
public readonly record struct DatabasePosition(ulong Value)
{
    private const int TextLength = 16;

    /// <summary>Reads the text of a position.</summary>
    /// <param name="text">The text that <see cref="ToString"/> returned.</param>
    /// <returns>The position; null if the text does not have 16 hexadecimal digits.</returns>
    public static DatabasePosition? Read(string? text) =>
        text?.Length == TextLength
        && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? new DatabasePosition(value)
            : null;

    /// <summary>Returns the position as 16 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Returns the later of two positions; null if both are null.</summary>
    public static DatabasePosition? Later(DatabasePosition? one, DatabasePosition? other) =>
        one is null || other?.Value > one.Value.Value ? other : one;
}
