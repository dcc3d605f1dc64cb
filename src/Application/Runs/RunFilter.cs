namespace IndustryData.Application.Runs;

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
