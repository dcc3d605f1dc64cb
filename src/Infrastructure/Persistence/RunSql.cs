using System.Text;
using IndustryData.Application.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Translates criteria, orders and cursors to SQL. All external input is passed as parameters. Every statement starts
/// with its tenant.
/// </summary>
internal sealed class RunSql
{
    // A null sorts below every year that a run can have. The index of the end order uses the same expression. It is not
    // COALESCE, because PostgreSQL would not use that as the bound of an index below row-level security.
    private const string EndKey = "(CASE WHEN end_date_time IS NULL THEN '-infinity' ELSE end_date_time END)";

    // The names of the parameters of nearly all statements.
    private static readonly string[] _names = [.. Enumerable.Range(1, 32).Select(n => $"${n}")];

    private static readonly string _newestFirst = Keys(RunOrderKey.NewestFirst);

    private readonly List<NpgsqlParameter> _parameters = [];

    /// <summary>Creates a command from a text and the parameters that it names.</summary>
    public NpgsqlBatchCommand Command(string text)
    {
        var command = new NpgsqlBatchCommand(text);
        foreach (var parameter in _parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Adds a parameter and returns its name.</summary>
    public string Parameter<T>(T value)
    {
        _parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        var number = _parameters.Count;
        return number <= _names.Length ? _names[number - 1] : $"${number}";
    }

    /// <summary>The condition that selects the runs of a tenant that match the criteria.</summary>
    public string TenantPredicate(Guid tenantId, RunCriteria criteria) =>
        $"tenant_id = {Parameter(tenantId)} AND {FilterPredicate(criteria)}";

    /// <summary>The condition that selects the rest of the range of a delta scan.</summary>
    /// <param name="tenantId">The tenant of the runs.</param>
    /// <param name="walk">The delta scan.</param>
    /// <param name="id">The column of the run's id.</param>
    public string ScanRangePredicate(Guid tenantId, DeltaScan walk, string id) =>
        $"tenant_id = {Parameter(tenantId)} "
        + $"AND (change_number, {id}) > ({Parameter(walk.ChangeNumber)}, {Parameter(walk.Id)}) "
        + $"AND change_number < {Parameter(walk.UpperBound)}";

    /// <summary>The condition that selects the runs that match the criteria, without the tenant.</summary>
    public string FilterPredicate(RunCriteria criteria)
    {
        var condition = criteria.Filter is { } filter ? Condition(filter) : "TRUE";
        if (criteria.SearchTerms.Count == 0)
        {
            return condition;
        }

        var sql = new StringBuilder(condition);
        foreach (var word in criteria.SearchTerms)
        {
            // The comparison uses upper case. In lower case, a sigma has another form at the end of a word, and ß is
            // one letter.
            var term = $"{Parameter(word)}::text COLLATE \"und-x-icu\"";
            sql.Append($""" AND strpos(upper(display_name COLLATE "und-x-icu"), upper({term})) > 0""");
        }

        return sql.ToString();
    }

    /// <summary>An <c>ORDER BY</c> list.</summary>
    public static string OrderBy(IReadOnlyList<RunOrderKey> order) =>
        order.SequenceEqual(RunOrderKey.NewestFirst) ? _newestFirst : Keys(order);

    /// <summary>The condition that selects the rows after a keyset cursor.</summary>
    public string KeysetPredicate(IReadOnlyList<RunOrderKey> order, KeysetCursor place)
    {
        var values = place.Keys.Select(Value).ToList();
        if (order.All(k => k.IsDescending == order[0].IsDescending))
        {
            // PostgreSQL uses a row value as a bound of the index, but not the equivalent condition with OR.
            return $"({string.Join(", ", order.Select(k => Key(k.Field)))}) "
                + $"{SeekOperator(order[0])} ({string.Join(", ", values)})";
        }

        // The directions differ. Only the first key bounds the index; conditions with OR compare the other keys.
        var after = $"{Key(order[^1].Field)} {SeekOperator(order[^1])} {values[^1]}";
        for (var i = order.Count - 2; i >= 0; i--)
        {
            var key = Key(order[i].Field);
            after = $"({key} {SeekOperator(order[i])} {values[i]} OR ({key} = {values[i]} AND {after}))";
        }

        return $"{Key(order[0].Field)} {SeekOperator(order[0])}= {values[0]} AND {after}";
    }

    /// <summary>
    /// The condition that selects the runs of a window. It selects none if the ranges of the window have changed.
    /// </summary>
    public string WindowPredicate(ListWindow window, bool isDescending)
    {
        var sql = new StringBuilder();
        foreach (var (first, end) in window.Skipped)
        {
            sql.Append($"(id < {Parameter(first)} OR id >= {Parameter(end)}) AND ");
        }

        if (window.Bound is { } bound)
        {
            var start = Parameter(new DateTime(bound, DateTimeKind.Utc));
            sql.Append($"start_date_time {(isDescending ? '>' : '<')} {start} AND ");
        }

        return sql.Append($"(SELECT version FROM run_start_versions) = {Parameter(window.Version)}").ToString();
    }

    private static string Keys(IReadOnlyList<RunOrderKey> order) =>
        string.Join(", ", order.Select(k => $"{Key(k.Field)} {(k.IsDescending ? "DESC" : "ASC")}"));

    private static string SeekOperator(RunOrderKey key) => key.IsDescending ? "<" : ">";

    private static string Key(RunField field) => field == RunField.EndDateTime ? EndKey : RunTable.Of(field).Expression;

    private string Value(object? value) =>
        value switch
        {
            null => "'-infinity'::timestamptz",
            DateTimeOffset instant => Parameter(instant.UtcDateTime),
            Guid id => Parameter(id),
            short number => Parameter(number),
            _ => Parameter((string)value),
        };

    private string Condition(IRunFilter filter) =>
        filter switch
        {
            LogicalFilter { Operands.Count: 0, IsConjunction: var all } => all ? "TRUE" : "FALSE",
            LogicalFilter logic =>
                $"({string.Join(logic.IsConjunction ? " AND " : " OR ", logic.Operands.Select(Condition))})",
            NotFilter not => $"(NOT {Condition(not.Operand)})",
            ComparisonFilter comparison => $"({Comparison(comparison)})",
            InFilter membership => $"({Membership(membership)})",
            StringMatchFilter match => $"({Match(match)})",
            _ => throw new ArgumentOutOfRangeException(nameof(filter), filter, "This kind of filter is unknown."),
        };

    private string Comparison(ComparisonFilter comparison)
    {
        var (left, right) = (comparison.Left, comparison.Right);
        if (
            left is { Field: RunField.Id, ToLower: false }
            && right is { Value: string text }
            && TryParseCanonicalId(text) is { } id
            && comparison.Operator is ComparisonOperator.Equal or ComparisonOperator.NotEqual
        )
        {
            return $"id {(comparison.Operator == ComparisonOperator.Equal ? "=" : "<>")} {Parameter(id)}";
        }

        var (l, r) = (Term(left), Term(right));
        var nullable = IsNullable(left) || IsNullable(right);
        return (comparison.Operator, nullable) switch
        {
            (ComparisonOperator.Equal, true) => $"{l} IS NOT DISTINCT FROM {r}",
            (ComparisonOperator.NotEqual, true) => $"{l} IS DISTINCT FROM {r}",
            (var comparer, true) => $"({l} {Operator(comparer)} {r}) IS TRUE",
            (var comparer, false) => $"{l} {Operator(comparer)} {r}",
        };
    }

    private static string Operator(ComparisonOperator comparer) =>
        comparer switch
        {
            ComparisonOperator.Equal => "=",
            ComparisonOperator.NotEqual => "<>",
            ComparisonOperator.Greater => ">",
            ComparisonOperator.GreaterOrEqual => ">=",
            ComparisonOperator.Less => "<",
            _ => "<=",
        };

    private string Membership(InFilter membership)
    {
        var values = membership.Values.Where(v => v is not null).ToList();
        var (term, array) = values switch
        {
            [] => ("", ""),
            [string, ..] when membership.Operand is { Field: RunField.Id, ToLower: false } => (
                "id",
                Parameter(values.Select(v => TryParseCanonicalId((string)v!)).OfType<Guid>().ToArray())
            ),
            [string, ..] => (Term(membership.Operand), Parameter(values.Cast<string>().ToArray())),
            [DateTimeOffset, ..] => (
                Term(membership.Operand),
                Parameter(values.Select(v => ((DateTimeOffset)v!).UtcDateTime).ToArray())
            ),
            [short, ..] => (Term(membership.Operand), Parameter(values.Cast<short>().ToArray())),
            _ when values.All(v => v is long) => (Term(membership.Operand), Parameter(values.Cast<long>().ToArray())),
            _ when values.All(v => v is long or decimal) => (
                Term(membership.Operand),
                Parameter(values.Select(v => v is long l ? l : (decimal)v!).ToArray())
            ),
            _ => (
                Term(membership.Operand),
                Parameter(
                    values
                        .Select(v =>
                            v is double d ? d
                            : v is long l ? l
                            : (double)(decimal)v!
                        )
                        .ToArray()
                )
            ),
        };
        string[] either =
        [
            .. values.Count > 0 ? [$"({term} = ANY ({array})) IS TRUE"] : (string[])[],
            .. values.Count < membership.Values.Count ? [$"{Term(membership.Operand)} IS NULL"] : (string[])[],
        ];
        return either.Length == 0 ? "FALSE" : string.Join(" OR ", either);
    }

    // LIKE is not used, because the text to find may contain its wildcards.
    private string Match(StringMatchFilter match)
    {
        var (text, part) = (Term(match.Text), Term(match.Part));
        return match.Kind switch
        {
            StringMatchKind.Start => $"starts_with({text}, {part})",
            StringMatchKind.End => $"right({text}, length({part})) = {part}",
            _ => $"strpos({text}, {part}) > 0",
        };
    }

    /// <summary>Translates a term. Texts compare by code point.</summary>
    private string Term(Operand term)
    {
        var sql = term switch
        {
            { Field: RunField.Id } => "id::text",
            { Field: { } field } => RunTable.Of(field).Expression,
            { Value: string text } => $"{Parameter(text)}::text",
            { Value: DateTimeOffset instant } => Parameter(instant.UtcDateTime),
            { Value: long number } => Parameter(number),
            { Value: decimal number } => Parameter(number),
            { Value: double number } => Parameter(number),
            { Value: short number } => Parameter(number),
            _ => "NULL",
        };
        return term.ToLower ? $"(lower(({sql}) COLLATE \"und-x-icu\") COLLATE \"C\")"
            : term.Field is RunField.Id
            || term.Value is string
            || (term.Field is { } name && RunTable.Of(name).IsJsonText)
                ? $"(({sql}) COLLATE \"C\")"
            : sql;
    }

    private static bool IsNullable(Operand term) =>
        term.Field is { } field ? RunTable.Of(field).IsNullable : term.Value is null;

    /// <summary>Parses an id in the canonical spelling, so that a lookup can use the primary key.</summary>
    private static Guid? TryParseCanonicalId(string text) =>
        Guid.TryParseExact(text, "D", out var id) && id.ToString() == text ? id : null;
}
