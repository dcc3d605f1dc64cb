using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>The criteria that select runs: a filter and search terms.</summary>
/// <param name="Filter">The filter; null selects all runs.</param>
/// <param name="SearchTerms">The texts that must all occur in <c>displayName</c>, case-insensitive.</param>
public sealed record RunCriteria(IRunFilter? Filter, IReadOnlyList<string> SearchTerms)
{
    /// <summary>The criteria that select all runs.</summary>
    public static readonly RunCriteria All = new(null, []);

    /// <summary>True if the criteria select all runs.</summary>
    public bool MatchesAll => Filter is null && SearchTerms.Count == 0;

    /// <summary>True if the criteria depend only on the status.</summary>
    public bool FiltersOnlyByStatus => SearchTerms.Count == 0 && (Filter is null || IsStatusFilter(Filter));

    /// <summary>True if the criteria contain only one status and a range of <c>startDateTime</c>.</summary>
    public bool IsStartRangeOnly => SearchTerms.Count == 0 && (Filter is null || IsStartRange(Filter));

    private static bool IsStartRange(IRunFilter filter) =>
        filter switch
        {
            LogicalFilter { IsConjunction: true } logic => logic.Operands.All(IsStartRange),
            ComparisonFilter
            {
                Left.Field: RunField.Status,
                Right: { Field: null, Value: not null },
                Operator: ComparisonOperator.Equal,
            } => true,
            ComparisonFilter
            {
                Left.Field: RunField.StartDateTime,
                Right: { Field: null, Value: not null },
                Operator: not ComparisonOperator.NotEqual,
            } => true,
            _ => false,
        };

    private static bool IsStatusFilter(IRunFilter filter) =>
        filter switch
        {
            LogicalFilter logic => logic.Operands.All(IsStatusFilter),
            NotFilter not => IsStatusFilter(not.Operand),
            ComparisonFilter comparison => IsStatusFilter(comparison.Left) && IsStatusFilter(comparison.Right),
            InFilter membership => IsStatusFilter(membership.Operand),
            _ => false,
        };

    private static bool IsStatusFilter(Operand term) => term.Field is null or RunField.Status;
}

/// <summary>The fields by which runs can be filtered and ordered.</summary>
public enum RunField
{
    /// <summary>The id as text, in lower case.</summary>
    Id,

    /// <summary>Text, compared by code point.</summary>
    DisplayName,

    /// <summary>An instant.</summary>
    StartDateTime,

    /// <summary>An instant or null. Null sorts lowest.</summary>
    EndDateTime,

    /// <summary>The status, compared by its number.</summary>
    Status,

    /// <summary>The blocking error. It can only be compared with null.</summary>
    BlockingError,

    /// <summary>Text or null.</summary>
    BlockingErrorCode,

    /// <summary>Text or null.</summary>
    BlockingErrorMessage,

    /// <summary>Text or null.</summary>
    BlockingErrorTarget,

    /// <summary>An instant.</summary>
    CreatedDateTime,

    /// <summary>An instant.</summary>
    LastModifiedDateTime,

    /// <summary>A count in <c>statistics/inboundTotals</c>, or null.</summary>
    Errors,

    /// <inheritdoc cref="Errors" />
    Warnings,

    /// <inheritdoc cref="Errors" />
    Groups,

    /// <inheritdoc cref="Errors" />
    Memberships,

    /// <inheritdoc cref="Errors" />
    Organizations,

    /// <inheritdoc cref="Errors" />
    People,
}

/// <summary>A condition on a run.</summary>
public interface IRunFilter;

/// <summary>
/// A conjunction or disjunction of conditions. An empty conjunction is true; an empty disjunction is false.
/// </summary>
public sealed record LogicalFilter(bool IsConjunction, IReadOnlyList<IRunFilter> Operands) : IRunFilter;

/// <summary>The negation of a condition.</summary>
public sealed record NotFilter(IRunFilter Operand) : IRunFilter;

/// <summary>
/// A comparison of two operands. Null equals only null. The ordering comparisons are false if an operand is null (OData
/// URL Conventions §5.1.1.1).
/// </summary>
public sealed record ComparisonFilter(Operand Left, ComparisonOperator Operator, Operand Right) : IRunFilter;

/// <summary>A condition that an operand equals one of several values. The values may include null.</summary>
public sealed record InFilter(Operand Operand, IReadOnlyList<object?> Values) : IRunFilter;

/// <summary>
/// A condition that a text starts with, ends with, or contains another text. The result is null if an operand is null.
/// </summary>
public sealed record StringMatchFilter(StringMatchKind Kind, Operand Text, Operand Part) : IRunFilter;

/// <summary>
/// A field of the run or a constant. A constant is a text, <see cref="long"/>, <see cref="decimal"/>,
/// <see cref="double"/>, <see cref="DateTimeOffset"/>, a status number as <see cref="short"/>, or null.
/// </summary>
/// <param name="Field">The field; null for a constant.</param>
/// <param name="Value">The constant.</param>
/// <param name="ToLower">True if the text is converted to lower case.</param>
public sealed record Operand(RunField? Field, object? Value, bool ToLower = false);

/// <summary>The comparison operators.</summary>
public enum ComparisonOperator
{
    /// <summary><c>eq</c></summary>
    Equal,

    /// <summary><c>ne</c></summary>
    NotEqual,

    /// <summary><c>gt</c></summary>
    Greater,

    /// <summary><c>ge</c></summary>
    GreaterOrEqual,

    /// <summary><c>lt</c></summary>
    Less,

    /// <summary><c>le</c></summary>
    LessOrEqual,
}

/// <summary>The position at which a text must contain another text.</summary>
public enum StringMatchKind
{
    /// <summary><c>startswith</c></summary>
    Start,

    /// <summary><c>endswith</c></summary>
    End,

    /// <summary><c>contains</c></summary>
    Anywhere,
}

/// <summary>A sort key of runs. Nulls sort lowest.</summary>
public sealed record RunOrderKey(RunField Field, bool IsDescending)
{
    /// <summary>The order by start time, newest first.</summary>
    public static readonly IReadOnlyList<RunOrderKey> NewestFirst = WithTieBreaker([
        new RunOrderKey(RunField.StartDateTime, IsDescending: true),
    ]);

    /// <summary>Returns a total order. The id is the last key, in the direction of the key before it.</summary>
    /// <param name="keys">The sort keys; at least one. Repeated keys and keys after the id have no effect.</param>
    public static IReadOnlyList<RunOrderKey> WithTieBreaker(IEnumerable<RunOrderKey> keys)
    {
        var order = keys.DistinctBy(k => k.Field).ToList();
        var id = order.FindIndex(k => k.Field == RunField.Id);
        return id < 0 ? [.. order, new RunOrderKey(RunField.Id, order[^1].IsDescending)] : order[..(id + 1)];
    }
}

/// <summary>A keyset cursor: a position in an ordered list. Concurrent inserts do not change the position.</summary>
/// <param name="Keys">
/// The value of each sort key: a text, <see cref="DateTimeOffset"/>, a status number as <see cref="short"/>,
/// <see cref="Guid"/>, or null.
/// </param>
public sealed record KeysetCursor(IReadOnlyList<object?> Keys)
{
    /// <summary>Compares the number and types of the keys with an order.</summary>
    /// <returns>True if the keys match the order.</returns>
    public bool Matches(IReadOnlyList<RunOrderKey> order)
    {
        var fits = Keys.Count == order.Count;
        for (var i = 0; fits && i < order.Count; i++)
        {
            fits = order[i].Field switch
            {
                RunField.Id => Keys[i] is Guid,
                RunField.DisplayName => Keys[i] is string,
                RunField.Status => Keys[i] is short,
                RunField.EndDateTime => Keys[i] is null or DateTimeOffset,
                _ => Keys[i] is DateTimeOffset,
            };
        }

        return fits;
    }

    /// <summary>Returns the position of a run.</summary>
    public static KeysetCursor FromRun(RunListItem run, IReadOnlyList<RunOrderKey> order) =>
        new([.. order.Select(k => Key(run, k.Field))]);

    private static object? Key(RunListItem run, RunField field) =>
        field switch
        {
            RunField.Id => run.Id,
            RunField.DisplayName => run.DisplayName,
            RunField.StartDateTime => run.StartDateTime,
            RunField.EndDateTime => run.EndDateTime,
            RunField.Status => RunStatus.FromName(run.Status)!.Number,
            RunField.CreatedDateTime => run.CreatedDateTime,
            RunField.LastModifiedDateTime => run.LastModifiedDateTime,
            _ => throw new ArgumentOutOfRangeException(nameof(field), field, "No list is ordered by this."),
        };
}
