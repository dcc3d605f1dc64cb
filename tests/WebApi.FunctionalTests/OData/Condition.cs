using CsCheck;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>
/// A condition as text and as a predicate. For a run, the predicate returns true, false or, as OData defines, null.
/// </summary>
public sealed record Condition(string Text, Func<StoredRun, bool?> Holds)
{
    public static readonly string[] Comparers = ["eq", "ne", "gt", "ge", "lt", "le"];
    public static readonly string[] Functions = ["startswith", "endswith", "contains"];

    /// <summary>
    /// Compares a property with a value, or the value with the property if <paramref name="isSwapped"/> is true.
    /// </summary>
    public static Condition Compare(string path, string comparer, object? value, bool isSwapped = false) =>
        isSwapped
            ? new($"{StoredRun.Literal(value)} {comparer} {path}", run => Compare(value, comparer, run[path]))
            : new($"{path} {comparer} {StoredRun.Literal(value)}", run => Compare(run[path], comparer, value));

    /// <summary>Compares two properties.</summary>
    public static Condition CompareTwo(string left, string comparer, string right) =>
        new($"{left} {comparer} {right}", run => Compare(run[left], comparer, run[right]));

    public static Condition In(string path, params object?[] values) =>
        new(
            $"{path} in ({string.Join(',', values.Select(StoredRun.Literal))})",
            run => values.Any(v => Compare(run[path], "eq", v) == true)
        );

    public static Condition Call(string function, string path, string? part, bool isLowered = false)
    {
        var argument = isLowered ? $"tolower({path})" : path;
        return new(
            $"{function}({argument},{StoredRun.Literal(part)})",
            run =>
                (isLowered ? ((string?)run[path])?.ToLowerInvariant() : (string?)run[path], part) switch
                {
                    (null, _) or (_, null) => null,
                    var (text, sought) => function switch
                    {
                        "startswith" => text.StartsWith(sought, StringComparison.Ordinal),
                        "endswith" => text.EndsWith(sought, StringComparison.Ordinal),
                        _ => text.Contains(sought, StringComparison.Ordinal),
                    },
                }
        );
    }

    public static Condition HasBlockingError(bool expected) =>
        new($"blockingError {(expected ? "ne" : "eq")} null", run => run.HasBlockingError == expected);

    public static Condition Not(Condition part) => new($"not ({part.Text})", run => !part.Holds(run));

    public static Condition All(IReadOnlyList<Condition> parts) =>
        new(
            Join(parts, "and"),
            run =>
                parts.Any(p => p.Holds(run) == false) ? false
                : parts.Any(p => p.Holds(run) is null) ? null
                : true
        );

    public static Condition Any(IReadOnlyList<Condition> parts) =>
        new(
            Join(parts, "or"),
            run =>
                parts.Any(p => p.Holds(run) == true) ? true
                : parts.Any(p => p.Holds(run) is null) ? null
                : false
        );

    /// <summary>Generates random conditions with values that the given runs have.</summary>
    public static Gen<Condition> Random(IReadOnlyList<StoredRun> runs)
    {
        var path = One([.. StoredRun.Paths]);
        var texts = One("displayName", "id", "blockingError/code", "blockingError/message", "blockingError/target");
        var run = Gen.Int[0, runs.Count - 1].Select(i => runs[i]);
        var leaf = Gen.OneOf(
            Gen.Select(path, One(Comparers), run, Gen.Bool, (p, c, r, swap) => Compare(p, c, r[p], swap)),
            Gen.Select(
                One("startDateTime", "endDateTime", "createdDateTime"),
                One(Comparers),
                One("endDateTime", "lastModifiedDateTime"),
                CompareTwo
            ),
            Gen.Select(path, run.Array[0, 5], (p, some) => In(p, [.. some.Select(r => r[p])])),
            Gen.Select(
                One(Functions),
                texts,
                run,
                Gen.Int[0, 9],
                Gen.Bool,
                (f, p, r, at, lowered) =>
                    Call(
                        f,
                        p,
                        (string?)r[p] is { } text
                            ? text[Math.Min(at, text.Length)..Math.Min(at + 3, text.Length)] is var part && lowered
                                ? part.ToLowerInvariant()
                                : part
                            : null,
                        lowered
                    )
            ),
            Gen.Bool.Select(HasBlockingError)
        );
        return Gen.Recursive<Condition>(
            (depth, tree) =>
                depth >= 4
                    ? leaf
                    : Gen.OneOf(
                        leaf,
                        leaf,
                        tree.Select(Not),
                        tree.Array[2, 3].Select(parts => All(parts)),
                        tree.Array[2, 3].Select(parts => Any(parts))
                    )
        );
    }

    private static Gen<T> One<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static string Join(IReadOnlyList<Condition> parts, string word) =>
        string.Join($" {word} ", parts.Select(p => $"({p.Text})"));

    private static bool? Compare(object? left, string comparer, object? right) =>
        comparer switch
        {
            "eq" => StoredRun.Compare(left, right) == 0,
            "ne" => StoredRun.Compare(left, right) != 0,
            _ when left is null || right is null => false,
            "gt" => StoredRun.Compare(left, right) > 0,
            "ge" => StoredRun.Compare(left, right) >= 0,
            "lt" => StoredRun.Compare(left, right) < 0,
            _ => StoredRun.Compare(left, right) <= 0,
        };
}
