using IndustryData.Application.Runs;

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
    private const int MinPortion = 8;

    private int _read;
    private long _chars;

    /// <summary>The number of rows to request next; 0 if there are no more.</summary>
    public int Next { get; private set; } = Math.Min(rows, first);

    /// <summary>Records that a row was read.</summary>
    /// <param name="chars">The number of characters in its large columns.</param>
    public void Add(long chars)
    {
        _read++;
        _chars += RunPage.RowChars + chars;
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
        var room = Math.Max(0, RunPage.MaxChars - _chars) / (_chars / _read);
        var expected = (int)Math.Clamp(room, MinPortion, 4L * _read);
        Next = expected >= left ? left : 1 << (int.Log2(expected));
    }
}
