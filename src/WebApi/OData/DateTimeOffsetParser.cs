namespace IndustryData.WebApi.OData;

/// <summary>
/// Parses points in time in ISO 8601 with an offset, in the format of <c>Edm.DateTimeOffset</c> (OData ABNF,
/// dateTimeOffsetValue).
/// </summary>
internal static class DateTimeOffsetParser
{
    private const int MaxOffsetMinutes = 14 * 60;
    private const int MaxFractionDigits = 12;
    private const int MicrosecondDigits = 6;

    /// <summary>Parses a point in time.</summary>
    /// <returns>
    /// The instant in UTC, truncated to microseconds; null if the text is not an instant in the years 0001 to 9999.
    /// </returns>
    public static DateTimeOffset? Parse(ReadOnlySpan<char> text)
    {
        // The format is yyyy-MM-ddTHH:mm, optional seconds, an optional fraction of the seconds, and Z or an offset.
        if (
            Number(ref text, 4) is not { } year
            || !Skip(ref text, '-')
            || Number(ref text, 2) is not { } month
            || !Skip(ref text, '-')
            || Number(ref text, 2) is not { } day
            || !(Skip(ref text, 'T') || Skip(ref text, 't'))
            || Number(ref text, 2) is not { } hour
            || !Skip(ref text, ':')
            || Number(ref text, 2) is not { } minute
        )
        {
            return null;
        }

        var second = 0;
        var microsecond = 0L;
        if (Skip(ref text, ':'))
        {
            if (Number(ref text, 2) is not { } seconds)
            {
                return null;
            }

            second = seconds;
            if (Skip(ref text, '.') && !Fraction(ref text, out microsecond))
            {
                return null;
            }
        }

        if (
            Offset(text) is not { } offset
            || year == 0
            || month is 0 or > 12
            || day == 0
            || day > DateTime.DaysInMonth(year, month)
            || hour > 23
            || minute > 59
            || second > 59
        )
        {
            return null;
        }

        var ticks =
            new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks
            + (microsecond * TimeSpan.TicksPerMicrosecond)
            - (offset * TimeSpan.TicksPerMinute);
        return ticks >= DateTime.MinValue.Ticks && ticks <= DateTime.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;
    }

    private static bool Skip(ref ReadOnlySpan<char> text, char expected)
    {
        if (!text.StartsWith([expected]))
        {
            return false;
        }

        text = text[1..];
        return true;
    }

    private static int? Number(ref ReadOnlySpan<char> text, int digits)
    {
        if (text.Length < digits)
        {
            return null;
        }

        var number = 0;
        foreach (var digit in text[..digits])
        {
            if (!char.IsAsciiDigit(digit))
            {
                return null;
            }

            number = (number * 10) + (digit - '0');
        }

        text = text[digits..];
        return number;
    }

    private static bool Fraction(ref ReadOnlySpan<char> text, out long microsecond)
    {
        var digits = 0;
        microsecond = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
        {
            if (digits < MicrosecondDigits)
            {
                microsecond = (microsecond * 10) + (text[digits] - '0');
            }

            digits++;
        }

        for (var i = digits; i < MicrosecondDigits; i++)
        {
            microsecond *= 10;
        }

        text = text[digits..];
        return digits is > 0 and <= MaxFractionDigits;
    }

    /// <summary>Parses an offset. Returns it in minutes, or null if the text is not a valid offset.</summary>
    private static int? Offset(ReadOnlySpan<char> text)
    {
        if (text is ['Z' or 'z'])
        {
            return 0;
        }

        if (
            text is not ['+' or '-', .. var rest]
            || Number(ref rest, 2) is not { } hours
            || !Skip(ref rest, ':')
            || Number(ref rest, 2) is not { } minutes
            || rest.Length > 0
            || minutes > 59
            || (hours * 60) + minutes > MaxOffsetMinutes
        )
        {
            return null;
        }

        return text[0] == '-' ? -((hours * 60) + minutes) : (hours * 60) + minutes;
    }
}
