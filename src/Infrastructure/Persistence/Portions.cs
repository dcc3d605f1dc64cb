using System.Numerics;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Calculates the sizes of the portions in which rows with large columns are read. The first portion is small. The size
/// of each further portion is estimated from the rows that were read, so that few rows are read that do not fit into
/// the page.
/// </summary>
/// <param name="rows">The total number of rows to read.</param>
/// <param name="first">The size of the first portion.</param>
internal sealed class Portions(int rows, int first)
{
    /// <summary>
    /// The number of characters above which a page is full. The remaining rows are left to the next page.
    /// </summary>
    public const long MaxPageChars = 4 * 1024 * 1024;

    // The approximate number of characters of a row without its large columns.
    private const int RowChars = 256;

    private const int MinPortion = 8;

    private int _read;

    /// <summary>The number of rows to request next; 0 if there are no more.</summary>
    public int Next { get; private set; } = Math.Min(rows, first);

    /// <summary>The number of characters that were read.</summary>
    public long Chars { get; private set; }

    /// <summary>True if the page has no room for another row.</summary>
    public bool IsFull => Chars > MaxPageChars;

    /// <summary>Records that a row was read.</summary>
    /// <param name="chars">The number of characters in its large columns.</param>
    public void Add(long chars)
    {
        _read++;
        Chars += RowChars + chars;
    }

    /// <summary>Advances to the next portion.</summary>
    /// <param name="found">
    /// The number of rows of the current portion. If it is lower than requested, there are no more rows.
    /// </param>
    public void Advance(int found)
    {
        var left = rows - _read;
        if (found < Next || left == 0)
        {
            Next = 0;
            return;
        }

        // The next rows may be larger, so the size of a portion is limited. It is a power of two unless the portion is
        // the last one, because each size is a separate statement that is planned and kept.
        var room = Math.Max(0, MaxPageChars - Chars) / (Chars / _read);
        var expected = (int)Math.Clamp(room, MinPortion, 4L * _read);
        Next = expected >= left ? left : 1 << (int.Log2(expected));
    }
}
