using System.Collections;

namespace IndustryData.Domain;

/// <summary>Every fault found in one body, in the order found: reading and judging go on after a fault, so that a caller learns all of them at once.</summary>
public sealed class ValidationErrors : IReadOnlyList<Error>
{
    /// <summary>Where listing ends: a body of nothing but faults must not make an answer much larger than itself.</summary>
    public const int MaxCount = 1000;

    private const int MaxNameLength = 128;
    private const int MaxPathLength = 512;
    private readonly List<Error> _all;

    // Made with the first fault: nearly every body has none.
    private HashSet<(string? Target, string Code)>? _known;

    /// <summary>No faults yet.</summary>
    public ValidationErrors() => _all = [];

    /// <summary>The faults found so far, to which more may come.</summary>
    public ValidationErrors(IEnumerable<Error> found) => _all = [.. found];

    /// <inheritdoc />
    public int Count => _all.Count;

    /// <summary>No more faults are taken up.</summary>
    public bool IsFull => _all.Count >= MaxCount;

    /// <inheritdoc />
    public Error this[int index] => _all[index];

    /// <summary>Takes up a fault, unless it is known already or the list is full.</summary>
    public void Add(string target, string code, string message)
    {
        _known ??= [.. _all.Select(f => (f.Target, f.Code))];
        if (!IsFull && _known.Add((target, code)))
        {
            _all.Add(new Error(ErrorKind.Validation, code, message, target));
        }
    }

    /// <summary>Takes up a fault that a rule returned, if it did, unless the same member has one already: the first says what to mend.</summary>
    public void Add(Error? fault)
    {
        if (fault is not null && !IsFull && !HasErrorAtOrBelow(fault.Target))
        {
            _all.Add(fault);
        }
    }

    /// <summary>Whether the member at <paramref name="path"/>, or one inside it, has a fault already.</summary>
    public bool HasErrorAtOrBelow(string? path) =>
        path is not null && _all.Exists(f => f.Target is { } target && target.StartsWith(path, StringComparison.Ordinal)
            && (target.Length == path.Length || target[path.Length] == '/'));

    /// <inheritdoc />
    public IEnumerator<Error> GetEnumerator() => _all.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// The path of a member: names and array positions joined by <c>/</c>. A slash within a name is written <c>~1</c> and a tilde <c>~0</c>, as in
    /// JSON Pointer (RFC 6901 §3); an empty name as two quotes; over-long names and paths are cut.
    /// </summary>
    public static string AppendPath(string parent, string name)
    {
        if (parent.Length > MaxPathLength)
        {
            return parent;
        }

        var shown = name.Length == 0 ? "\"\"" : Abbreviate(name).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
        return parent.Length == 0 ? shown : $"{parent}/{shown}";
    }

    /// <summary>A text from outside as a message may repeat it: cut at 128 characters.</summary>
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
