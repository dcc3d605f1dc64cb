using System.Numerics;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Sizes the portions in which rows with large columns are read. The first is small, each next one is what the rows
/// before let expect to fit, so that little is read of which a page then has no room.
/// </summary>
/// <param name="rows">How many rows are wanted in all.</param>
/// <param name="first">The size of the first portion.</param>
internal sealed class Portions(int rows, int first)
{
    /// <summary>
    /// How many characters of a page may be large; a reader that has read so much leaves the rest to the next page.
    /// </summary>
    public const long MaxPageChars = 4 * 1024 * 1024;

    // What a row takes beside its large columns, about.
    private const int RowChars = 256;

    private const int MinPortion = 8;

    private int _read;

    /// <summary>How many rows to ask for next; 0 when there are no more.</summary>
    public int Next { get; private set; } = Math.Min(rows, first);

    /// <summary>The characters read so far.</summary>
    public long Chars { get; private set; }

    /// <summary>Whether a page has no room for another row.</summary>
    public bool IsFull => Chars > MaxPageChars;

    /// <summary>Notes a row.</summary>
    /// <param name="chars">What its large columns have.</param>
    public void Add(long chars)
    {
        _read++;
        Chars += RowChars + chars;
    }

    /// <summary>Goes to the next portion.</summary>
    /// <param name="found">How many rows this one had; fewer than asked for means that there are no more.</param>
    public void Advance(int found)
    {
        var left = rows - _read;
        if (found < Next || left == 0)
        {
            Next = 0;
            return;
        }

        // Rows may grow suddenly, so the step is bounded. A power of two, because each number is a statement to plan
        // and to keep.
        var room = Math.Max(0, MaxPageChars - Chars) / (Chars / _read);
        var expected = (int)Math.Clamp(room, MinPortion, 4L * _read);
        Next = expected >= left ? left : 1 << (int.Log2(expected));
    }
}
