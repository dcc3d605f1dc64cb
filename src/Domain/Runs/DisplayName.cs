using System.Diagnostics.CodeAnalysis;

namespace IndustryData.Domain.Runs;

/// <summary>The display name of a run or an activity. It is stored exactly as sent.</summary>
/// <remarks>
/// C# cannot forbid <c>default(DisplayName)</c>, which has no value. It occurs only in an entity that the store has not
/// filled yet.
/// </remarks>
public readonly record struct DisplayName
{
    /// <summary>The maximum length of the name of a run, in UTF-16 code units.</summary>
    public const int MaxLength = 256;

    private DisplayName(string value) => Value = value;

    /// <summary>The text.</summary>
    public string Value { get; }

    /// <summary>Creates a name.</summary>
    /// <exception cref="ArgumentException">The text is not a valid name.</exception>
    public static DisplayName Create(string? value) =>
        !IsBlank(value) && value.Length <= MaxLength && IsStorable(value)
            ? new DisplayName(value)
            : throw new ArgumentException("The text is blank, too long, or has invalid characters.", nameof(value));

    /// <summary>Returns a stored name. It was validated before it was stored.</summary>
    public static DisplayName FromStorage(string value) => new(value);

    /// <summary>Checks for a text that is absent or consists of white space.</summary>
    public static bool IsBlank([NotNullWhen(false)] string? value) => string.IsNullOrWhiteSpace(value);

    /// <summary>Checks that a text has no U+0000, which PostgreSQL cannot store, and no unpaired surrogate.</summary>
    public static bool IsStorable(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '\0' || char.IsLowSurrogate(value[i]))
            {
                return false;
            }

            if (char.IsHighSurrogate(value[i]) && (++i == value.Length || !char.IsLowSurrogate(value[i])))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc />
    public override string ToString() => Value;
}
