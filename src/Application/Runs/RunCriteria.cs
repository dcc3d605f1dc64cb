using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>Which runs: those that a filter selects and whose names hold every word.</summary>
/// <param name="Filter">Null: all.</param>
/// <param name="SearchTerms">Texts that must all occur in <c>displayName</c>, in any case.</param>
public sealed record RunCriteria(IRunFilter? Filter, IReadOnlyList<string> SearchTerms)
{
    /// <summary>Every run.</summary>
    public static readonly RunCriteria All = new(null, []);

    /// <summary>Whether they select every run.</summary>
    public bool MatchesAll => Filter is null && SearchTerms.Count == 0;

    /// <summary>Whether they depend on nothing but the status.</summary>
    public bool FiltersOnlyByStatus => SearchTerms.Count == 0 && (Filter is null || IsStatusFilter(Filter));

    /// <summary>Whether they ask for nothing but one status and a span of <c>startDateTime</c>.</summary>
    public bool IsStartRangeOnly => SearchTerms.Count == 0 && (Filter is null || IsStartRange(Filter));

    private static bool IsStartRange(IRunFilter filter) => filter switch
    {
        LogicalFilter { IsConjunction: true } logic => logic.Operands.All(IsStartRange),
        ComparisonFilter { Left.Field: RunField.Status, Right: { Field: null, Value: not null }, Operator: ComparisonOperator.Equal } => true,
        ComparisonFilter { Left.Field: RunField.StartDateTime, Right: { Field: null, Value: not null }, Operator: not ComparisonOperator.NotEqual } => true,
        _ => false,
    };

    private static bool IsStatusFilter(IRunFilter filter) => filter switch
    {
        LogicalFilter logic => logic.Operands.All(IsStatusFilter),
        NotFilter not => IsStatusFilter(not.Operand),
        ComparisonFilter comparison => IsStatusFilter(comparison.Left) && IsStatusFilter(comparison.Right),
        InFilter membership => IsStatusFilter(membership.Operand),
        _ => false,
    };

    private static bool IsStatusFilter(Operand term) => term.Field is null or RunField.Status;
}

/// <summary>What a run can be filtered and ordered by.</summary>
public enum RunField
{
    /// <summary>The id as text, in lower case.</summary>
    Id,

    /// <summary>Text, by code point.</summary>
    DisplayName,

    /// <summary>An instant.</summary>
    StartDateTime,

    /// <summary>An instant or null, which is lowest.</summary>
    EndDateTime,

    /// <summary>By number.</summary>
    Status,

    /// <summary>Only whether it is null.</summary>
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

    /// <summary>A count or null, below <c>statistics/inboundTotals</c>, as those after it.</summary>
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

/// <summary>Conditions of which all must hold, or any; without conditions: true, or false.</summary>
public sealed record LogicalFilter(bool IsConjunction, IReadOnlyList<IRunFilter> Operands) : IRunFilter;

/// <summary>A condition that must not hold.</summary>
public sealed record NotFilter(IRunFilter Operand) : IRunFilter;

/// <summary>Two terms compared. Null equals null and nothing else; with a null the other comparisons are false (OData URL Conventions §5.1.1.1).</summary>
public sealed record ComparisonFilter(Operand Left, ComparisonOperator Operator, Operand Right) : IRunFilter;

/// <summary>A term that must be one of these values, null among them or not.</summary>
public sealed record InFilter(Operand Operand, IReadOnlyList<object?> Values) : IRunFilter;

/// <summary>A text that must begin with, end with or contain another; null, and so neither true nor false, when one of them is null.</summary>
public sealed record StringMatchFilter(StringMatchKind Kind, Operand Text, Operand Part) : IRunFilter;

/// <summary>A field of the run or a constant: text, <see cref="long"/>, <see cref="decimal"/>, <see cref="double"/>, <see cref="DateTimeOffset"/>, a status' number as <see cref="short"/>, or null.</summary>
/// <param name="Field">Null: a constant.</param>
/// <param name="Value">The constant.</param>
/// <param name="ToLower">The text in lower case.</param>
public sealed record Operand(RunField? Field, object? Value, bool ToLower = false);

/// <summary>How terms compare.</summary>
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

/// <summary>Where a text must hold another.</summary>
public enum StringMatchKind
{
    /// <summary><c>startswith</c></summary>
    Start,

    /// <summary><c>endswith</c></summary>
    End,

    /// <summary><c>contains</c></summary>
    Anywhere,
}

/// <summary>A key that runs are ordered by; nulls are lowest.</summary>
public sealed record RunOrderKey(RunField Field, bool IsDescending)
{
    /// <summary>The newest first.</summary>
    public static readonly IReadOnlyList<RunOrderKey> NewestFirst = WithTieBreaker([new RunOrderKey(RunField.StartDateTime, IsDescending: true)]);

    /// <summary>An order in which no two runs are equal: the id closes it, in the direction of the last key.</summary>
    /// <param name="keys">At least one. What comes after the id, or a second time, decides nothing.</param>
    public static IReadOnlyList<RunOrderKey> WithTieBreaker(IEnumerable<RunOrderKey> keys)
    {
        var order = keys.DistinctBy(k => k.Field).ToList();
        var id = order.FindIndex(k => k.Field == RunField.Id);
        return id < 0 ? [.. order, new RunOrderKey(RunField.Id, order[^1].IsDescending)] : order[..(id + 1)];
    }
}

/// <summary>A place in an ordered list: between two runs nothing else can stand there, whatever others insert.</summary>
/// <param name="Keys">For each key of the order: text, <see cref="DateTimeOffset"/>, a status' number as <see cref="short"/>, <see cref="Guid"/>, or null.</param>
public sealed record KeysetCursor(IReadOnlyList<object?> Keys)
{
    /// <summary>Whether the keys are those of the order, in number and type.</summary>
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

    /// <summary>Where a run stands.</summary>
    public static KeysetCursor FromRun(RunListItem run, IReadOnlyList<RunOrderKey> order) => new([.. order.Select(k => Key(run, k.Field))]);

    private static object? Key(RunListItem run, RunField field) => field switch
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
