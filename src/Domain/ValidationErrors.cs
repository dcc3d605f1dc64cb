using System.Collections;

namespace IndustryData.Domain;

/// <summary>
/// The validation errors of one message, in the order found. Validation continues after an error, so that the caller
/// gets all errors at once.
/// </summary>
public sealed class ValidationErrors : IReadOnlyList<Error>
{
    /// <summary>
    /// The maximum number of errors. It limits the size of the error response.
    /// </summary>
    public const int MaxCount = 1000;

    private const int MaxNameLength = 128;
    private readonly List<Error> _all;

    // Created with the first error, because nearly every body has none.
    private HashSet<(string? Target, string Code)>? _known;

    /// <summary>Creates an empty list.</summary>
    public ValidationErrors() => _all = [];

    /// <summary>Creates a list with the errors found so far.</summary>
    public ValidationErrors(IEnumerable<Error> found) => _all = [.. found];

    /// <inheritdoc />
    public int Count => _all.Count;

    /// <summary>True if the list accepts no more errors.</summary>
    public bool IsFull => _all.Count >= MaxCount;

    /// <inheritdoc />
    public Error this[int index] => _all[index];

    /// <summary>Adds an error unless the list contains it already or is full.</summary>
    public void Add(string target, string code, string message)
    {
        _known ??= [.. _all.Select(f => (f.Target, f.Code))];
        if (!IsFull && _known.Add((target, code)))
        {
            _all.Add(new Error(ErrorKind.Validation, code, message, target));
        }
    }

    /// <summary>
    /// Adds the error that a rule returned, if any, unless the same member has an error already. The first error is
    /// sufficient to correct the member.
    /// </summary>
    public void Add(Error? fault)
    {
        if (fault is not null && !IsFull && !HasErrorAtOrBelow(fault.Target))
        {
            _all.Add(fault);
        }
    }

    /// <summary>Checks for an error of a member or of a value inside it.</summary>
    /// <returns>True if the member at <paramref name="path"/>, or one inside it, has an error.</returns>
    public bool HasErrorAtOrBelow(string? path) =>
        path is not null
        && _all.Exists(f =>
            f.Target is { } target
            && target.StartsWith(path, StringComparison.Ordinal)
            && (target.Length == path.Length || target[path.Length] == '/')
        );

    /// <inheritdoc />
    public IEnumerator<Error> GetEnumerator() => _all.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Truncates caller-supplied text to 128 characters for use in a message.</summary>
    public static string Abbreviate(string text)
    {
        if (text.Length <= MaxNameLength)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[MaxNameLength - 1]) ? MaxNameLength - 1 : MaxNameLength;
        return string.Concat(text.AsSpan(0, end), "…");
    }
}
