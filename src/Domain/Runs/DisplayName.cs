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
        Validate(value) is { } fault ? throw new ArgumentException(fault.Message, nameof(value)) : new(value!);

    /// <summary>Returns a stored name. It was validated before it was stored.</summary>
    public static DisplayName FromStorage(string value) => new(value);

    /// <summary>Returns the validation error of a name, or null if the name is valid.</summary>
    public static Error? Validate(string? value) => Validate(value, "displayName", MaxLength);

    /// <summary>
    /// Returns the validation error of the name at <paramref name="path"/>, or null if the name is valid. The name may
    /// have at most <paramref name="longest"/> UTF-16 code units.
    /// </summary>
    internal static Error? Validate(string? value, string path, int longest) =>
        value switch
        {
            null => RunErrors.Required(path, $"a text of 1 to {longest} characters"),
            _ when string.IsNullOrWhiteSpace(value) => RunErrors.Invalid(
                path,
                "blank",
                $"{path} must hold something other than white space."
            ),
            _ when value.Length > longest => RunErrors.Invalid(
                path,
                "tooLong",
                $"{path} has {value.Length} UTF-16 code units; shorten it to {longest}."
            ),
            _ when !IsStorable(value) => RunErrors.Invalid(
                path,
                "invalidCharacters",
                $"{path} must not hold U+0000 or half of a surrogate pair; remove it."
            ),
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
