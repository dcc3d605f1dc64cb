namespace IndustryData.Domain.Runs;

/// <summary>What people call a run. Kept exactly as sent.</summary>
public readonly record struct DisplayName(string Value)
{
    /// <summary>The longest name, in UTF-16 code units.</summary>
    public const int MaxLength = 256;

    private const string Property = "displayName";

    /// <summary>The fault of a name, or null when it may be stored.</summary>
    public static Error? Fault(string? value) => value switch
    {
        null => RunErrors.Missing(Property, "a text of 1 to 256 characters"),
        _ when string.IsNullOrWhiteSpace(value) => RunErrors.Invalid(Property, "blank", "displayName must hold something other than white space."),
        { Length: > MaxLength } => RunErrors.Invalid(Property, "tooLong", $"displayName has {value.Length} UTF-16 code units; shorten it to {MaxLength}."),
        _ when !IsStorable(value) => RunErrors.Invalid(Property, "unstorableText", "displayName must not hold U+0000 or half of a surrogate pair; remove it."),
        _ => null,
    };

    /// <inheritdoc />
    public override string ToString() => Value;

    private static bool IsStorable(string value)
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
}
