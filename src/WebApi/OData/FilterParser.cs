using System.Globalization;
using System.Text.RegularExpressions;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Microsoft.OData;
using Microsoft.OData.Edm;
using Microsoft.OData.UriParser;

namespace IndustryData.WebApi.OData;

/// <summary>Parses <c>$filter</c> (OData URL Conventions §5.1.1) into an <see cref="IRunFilter"/>.</summary>
internal sealed partial class FilterParser
{
    /// <summary>The maximum nesting depth of conditions.</summary>
    public const int MaxDepth = 20;

    /// <summary>The maximum number of conditions in a filter.</summary>
    public const int MaxNodes = 100;

    /// <summary>The maximum number of values in the list of <c>in</c>.</summary>
    public const int MaxValues = 500;

    private const int LongestReason = 400;

    /// <summary>The operators that filters support.</summary>
    public static readonly IReadOnlyList<string> Operators =
    [
        "eq",
        "ne",
        "gt",
        "ge",
        "lt",
        "le",
        "in",
        "and",
        "or",
        "not",
    ];

    /// <summary>The functions that filters support.</summary>
    public static readonly IReadOnlyList<string> Functions = ["startswith", "endswith", "contains", "tolower"];

    private static readonly string _statuses = string.Join(
        ", ",
        [.. RunStatus.All.Select(s => s.Name), RunEdmModel.UnknownFutureValue]
    );

    private readonly Queue<string> _inLists;
    private int _nodes;

    private FilterParser(Queue<string> lists) => _inLists = lists;

    /// <summary>Returns the property that a node of the syntax tree names.</summary>
    /// <returns>The property, or null if the node names no property that supports filtering or ordering.</returns>
    public static RunField? FieldOf(QueryNode node) => PropertyOf(node)?.Field;

    /// <summary>Returns the row of the table that a node of the syntax tree names; null if there is none.</summary>
    public static RunProperty? PropertyOf(QueryNode node) =>
        PathOf(node) is { } path ? RunPropertyTable.Find(path) : null;

    /// <summary>
    /// Parses an option with the OData library. The exception repeats the message of the library and adds a suggestion.
    /// </summary>
    /// <exception cref="QueryOptionException">The library cannot parse the text.</exception>
    public static T Parse<T>(string option, string text, Func<ODataQueryOptionParser, T> parse)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new QueryOptionException(
                "invalidQueryOption",
                "the value is empty; send a condition or omit the option."
            );
        }

        try
        {
            var options = new Dictionary<string, string> { [option] = text };
            var parser = new ODataQueryOptionParser(RunEdmModel.Model, RunEdmModel.Run, null, options)
            {
                Resolver = new StatusResolver(),
            };
            return parse(parser);
        }
        catch (QueryOptionException)
        {
            throw;
        }
        catch (Exception exception) when (exception is not TypeInitializationException)
        {
            // For some malformed texts, the library throws exceptions of other types, or an ODataException that
            // describes an internal error of the library.
            var isReadable =
                exception is ODataException && !exception.Message.Contains("internal error", StringComparison.Ordinal);
            var reason = isReadable ? exception.Message : "it is not well-formed.";
            var shortReason = reason.Length > LongestReason ? $"{reason[..LongestReason]}…" : reason;
            throw new QueryOptionException("invalidQueryOption", $"{shortReason}{FilterSuggestions.For(text)}");
        }
    }

    /// <summary>Parses a filter.</summary>
    /// <exception cref="QueryOptionException">
    /// The filter is malformed, too large, or uses an unsupported feature.
    /// </exception>
    public static IRunFilter Parse(string text)
    {
        CheckNesting(text);
        var lists = new Queue<string>();
        var rest = Tokens()
            .Replace(
                text,
                match =>
                {
                    if (match.Groups["list"] is { Success: true } list)
                    {
                        // The library rounds 1.5 to 2 in a list, does not accept null, and parses quotes incorrectly.
                        // Therefore this class parses the values.
                        lists.Enqueue(list.Value);
                        return "in ()";
                    }

                    if (match.Groups["instant"].Success)
                    {
                        // The library accepts only some of the formats that the grammar allows. A plus sign that the
                        // caller did not encode as %2B arrives as a space. The grammar allows no space here.
                        var literal = match.Value.Replace(' ', '+');
                        return DateTimeOffsetParser.Parse(literal) is { } instant
                            ? instant.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
                            : literal;
                    }

                    if (match.Groups["word"].Success)
                    {
                        // Keywords are case-insensitive in the grammar. The library accepts only lowercase letters.
                        return match.Value.ToLowerInvariant();
                    }

                    return match.Value switch
                    {
                        // The library takes a tab as part of the literal before it. Between two words, a tab is
                        // equivalent to a space.
                        "\t" => " ",

                        // The plus sign of a number has no effect, and the library does not accept it.
                        "+" => "",
                        _ => match.Value,
                    };
                }
            );
        var clause = Parse("$filter", rest, parser => parser.ParseFilter());
        return new FilterParser(lists).Condition(clause.Expression, 1);
    }

    private static void CheckNesting(string text)
    {
        var (depth, isText) = (0, false);
        for (var i = 0; i < text.Length; i++)
        {
            isText ^= text[i] == '\'';
            var isGroup = i == 0 || !char.IsAsciiLetter(text[i - 1]);
            depth += isText
                ? 0
                : text[i] switch
                {
                    '(' when isGroup => 1,
                    ')' => -1,
                    _ => 0,
                };
            if (depth > MaxDepth)
            {
                throw TooDeep();
            }

            depth = Math.Max(depth, 0);
        }
    }

    private static QueryOptionException TooDeep() =>
        new("filterTooLarge", $"it nests deeper than {MaxDepth} levels; flatten it.");

    private IRunFilter Condition(QueryNode node, int depth)
    {
        if (depth > MaxDepth)
        {
            throw TooDeep();
        }

        if (node is BinaryOperatorNode { OperatorKind: BinaryOperatorKind.And or BinaryOperatorKind.Or } logic)
        {
            var parts = new List<QueryNode>();
            Flatten(logic, logic.OperatorKind, parts);
            return new LogicalFilter(
                logic.OperatorKind == BinaryOperatorKind.And,
                [.. parts.Select(p => Condition(p, depth + 1))]
            );
        }

        if (++_nodes > MaxNodes)
        {
            throw new QueryOptionException(
                "filterTooLarge",
                $"it has more than {MaxNodes} conditions; compare one property with many values by 'in'."
            );
        }

        return StripConverts(node) switch
        {
            UnaryOperatorNode { OperatorKind: UnaryOperatorKind.Not } not => new NotFilter(
                Condition(not.Operand, depth + 1)
            ),
            BinaryOperatorNode comparison => Comparison(comparison),
            InNode @in => Membership(@in),
            SingleValueFunctionCallNode call => Match(call),
            ConstantNode { Value: bool value } => new LogicalFilter(value, []),
            var other => throw Unsupported(other),
        };
    }

    private static void Flatten(QueryNode node, BinaryOperatorKind kind, List<QueryNode> parts)
    {
        if (StripConverts(node) is BinaryOperatorNode logic && logic.OperatorKind == kind)
        {
            Flatten(logic.Left, kind, parts);
            Flatten(logic.Right, kind, parts);
        }
        else
        {
            parts.Add(StripConverts(node));
        }
    }

    private static ComparisonFilter Comparison(BinaryOperatorNode node)
    {
        ComparisonOperator? comparer = node.OperatorKind switch
        {
            BinaryOperatorKind.Equal => ComparisonOperator.Equal,
            BinaryOperatorKind.NotEqual => ComparisonOperator.NotEqual,
            BinaryOperatorKind.GreaterThan => ComparisonOperator.Greater,
            BinaryOperatorKind.GreaterThanOrEqual => ComparisonOperator.GreaterOrEqual,
            BinaryOperatorKind.LessThan => ComparisonOperator.Less,
            BinaryOperatorKind.LessThanOrEqual => ComparisonOperator.LessOrEqual,
            _ => null,
        };
        if (comparer is not { } known)
        {
            throw Unsupported(node);
        }

        if (
            StripConverts(node.Left) is ConstantNode { Value: bool }
            || StripConverts(node.Right) is ConstantNode { Value: bool }
        )
        {
            throw new QueryOptionException(
                "unsupportedFilter",
                "conditions cannot be compared with true or false; "
                    + "leave 'eq true' out, and write 'not (…)' for 'eq false'."
            );
        }

        var (left, right) = (Term(node.Left), Term(node.Right));
        if (left.Field == RunField.BlockingError || right.Field == RunField.BlockingError)
        {
            var other = left.Field == RunField.BlockingError ? right : left;
            if (
                other is not { Field: null, Value: null }
                || known is not (ComparisonOperator.Equal or ComparisonOperator.NotEqual)
            )
            {
                throw new QueryOptionException(
                    "unsupportedFilter",
                    "blockingError itself can only be compared with null, by eq or ne; "
                        + "for more use blockingError/code, blockingError/message or blockingError/target."
                );
            }
        }

        return new ComparisonFilter(left, known, right);
    }

    private InFilter Membership(InNode node)
    {
        if (!_inLists.TryDequeue(out var list))
        {
            throw new QueryOptionException(
                "invalidQueryOption",
                "the values after 'in' must be plain values in parentheses, like status in ('failed','completed')."
            );
        }

        var term = Term(node.Left);
        if (term.Field == RunField.BlockingError)
        {
            throw new QueryOptionException(
                "unsupportedFilter",
                "'in' does not support blockingError; "
                    + "use blockingError/code, blockingError/message or blockingError/target."
            );
        }

        if (term is { Field: null, Value: not (null or string) })
        {
            throw new QueryOptionException(
                "unsupportedFilter",
                "a property must stand before 'in', like status in ('failed','completed')."
            );
        }

        var items = Items().Matches(list);
        if (items.Count > MaxValues)
        {
            throw new QueryOptionException(
                "filterTooLarge",
                $"'in' has {items.Count} values; send at most {MaxValues}."
            );
        }

        // An empty list matches no run.
        return new InFilter(
            term,
            string.IsNullOrWhiteSpace(list) ? [] : [.. items.Select(i => Value(i.Value.Trim(), term))]
        );
    }

    private static StringMatchFilter Match(SingleValueFunctionCallNode call)
    {
        StringMatchKind? matching = call.Name switch
        {
            "startswith" => StringMatchKind.Start,
            "endswith" => StringMatchKind.End,
            "contains" => StringMatchKind.Anywhere,
            _ => null,
        };
        return matching is { } known
            ? new StringMatchFilter(known, Term(call.Parameters.First()), Term(call.Parameters.Last()))
            : throw Unsupported(call);
    }

    private static Operand Term(QueryNode node)
    {
        switch (StripConverts(node))
        {
            case SingleValueFunctionCallNode { Name: "tolower" } lower:
                return Term(lower.Parameters.Single()) with { ToLower = true };
            case ConstantNode constant:
                return new Operand(null, Value(constant));
            case var property when FieldOf(property) is { } field:
                return new Operand(field, null);
            case var other:
                throw Unsupported(other);
        }
    }

    private static object? Value(ConstantNode constant) =>
        constant.Value switch
        {
            null => null,
            string text => text,
            ODataEnumValue status => Status(status.Value),
            _ when constant.TypeReference.IsDate() => throw new QueryOptionException(
                "invalidQueryOption",
                $"{constant.LiteralText} is a date without a time; write {constant.LiteralText}T00:00:00Z."
            ),
            DateTimeOffset instant => DateTimeOffsetParser.Parse(constant.LiteralText) ?? instant,
            _ => Number(constant.LiteralText)
                ?? throw new QueryOptionException(
                    "invalidQueryOption",
                    $"{ValidationErrors.Abbreviate(constant.LiteralText)} cannot be compared with a property of a run."
                ),
        };

    /// <summary>Parses a value in the list of <c>in</c>.</summary>
    private static object? Value(string text, Operand term)
    {
        if (text.Equals("null", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        // A constant before 'in' is a text.
        var kind = term.Field is { } field ? RunPropertyTable.Of(field).Kind : RunValueKind.Text;
        object? value = kind switch
        {
            RunValueKind.Status => text.Length > 0 && StatusLiteral().Match(text) is { Success: true } status
                ? Status(status.Groups["name"].Value)
                : null,
            RunValueKind.Text => TextLiteral().IsMatch(text)
                ? text[1..^1].Replace("''", "'", StringComparison.Ordinal)
                : null,
            RunValueKind.Instant => DateTimeOffsetParser.Parse(text),
            _ => Number(text),
        };
        return value
            ?? throw new QueryOptionException(
                "invalidQueryOption",
                $"{(text.Length == 0 ? "an empty place" : ValidationErrors.Abbreviate(text))} in the list of 'in' "
                    + $"is no value that {NameOf(term)} can have{FilterSuggestions.For(text)}"
            );
    }

    private static object? Number(string literal)
    {
        if (literal is "NaN" or "INF" or "-INF")
        {
            return literal switch
            {
                "NaN" => double.NaN,
                "INF" => double.PositiveInfinity,
                _ => double.NegativeInfinity,
            };
        }

        var digits = literal.TrimEnd('m', 'M', 'd', 'D', 'f', 'F', 'l', 'L');
        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole
            : decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) ? exact
            : double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var rounded) ? rounded
            : null;
    }

    private static short Status(string text) =>
        RunStatus.FromName(text) is { } status ? status.Number
        : text == RunEdmModel.UnknownFutureValue ? (short)RunStatus.All.Count
        : short.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number <= RunStatus.All.Count
            ? number
        : throw new QueryOptionException(
            "unknownStatus",
            $"'{ValidationErrors.Abbreviate(text)}' is no status; the statuses are {_statuses}."
        );

    private static string NameOf(Operand term) =>
        term.Field is { } field ? RunPropertyTable.Of(field).Path : "the text before it";

    /// <summary>Removes the conversions that the library adds around a node.</summary>
    private static QueryNode StripConverts(QueryNode node)
    {
        while (node is ConvertNode convert)
        {
            node = convert.Source;
        }

        return node;
    }

    private static string? PathOf(QueryNode node) =>
        StripConverts(node) switch
        {
            SingleValuePropertyAccessNode property => Path(property.Source, property.Property.Name),
            SingleComplexNode property => Path(property.Source, property.Property.Name),
            SingleValueOpenPropertyAccessNode property => Path(property.Source, property.Name),
            CollectionComplexNode property => Path(property.Source, property.Property.Name),
            CollectionNavigationNode property => Path(property.Source, property.NavigationProperty.Name),
            _ => null,
        };

    private static string? Path(QueryNode source, string name) =>
        source is ResourceRangeVariableReferenceNode ? name
        : PathOf(source) is { } path ? $"{path}/{name}"
        : null;

    private static QueryOptionException Unsupported(QueryNode node) =>
        new(
            "unsupportedFilter",
            StripConverts(node) switch
            {
                SingleValueFunctionCallNode { Name: "toupper" } => "toupper is not offered; use tolower.",
                SingleValueFunctionCallNode call => $"{ValidationErrors.Abbreviate(call.Name)} is not offered; "
                    + $"{Listed(Functions)} are.",
                BinaryOperatorNode binary => $"the operator {ToOperatorName(binary.OperatorKind)} is not offered; "
                    + $"{Listed(Operators)} are.",
                UnaryOperatorNode { OperatorKind: UnaryOperatorKind.Negate } =>
                    "the operator - is not offered before a property; compare with a negative number.",
                ParameterAliasNode alias =>
                    $"{ValidationErrors.Abbreviate(alias.Alias)}: parameter aliases are not offered; "
                        + "write the value itself.",
                LambdaNode => "any and all are not offered.",
                ConstantNode => "a condition is missing: compare a property, like status eq 'failed'.",
                var other when PathOf(other) is { } path =>
                    $"{ValidationErrors.Abbreviate(path)} cannot be filtered by; "
                        + $"{string.Join(", ", RunPropertyTable.Filterable.Select(p => p.Path))} can.",
                var other => $"an expression of the kind {other.Kind} is not offered.",
            }
        );

    private static string Listed(IReadOnlyList<string> names) =>
        $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";

    private static string ToOperatorName(BinaryOperatorKind kind) =>
        kind switch
        {
            BinaryOperatorKind.Add => "add",
            BinaryOperatorKind.Subtract => "sub",
            BinaryOperatorKind.Multiply => "mul",
            BinaryOperatorKind.Divide => "div",
            BinaryOperatorKind.Modulo => "mod",
            _ => "has",
        };

    // The alternative for string literals comes first, so that the other alternatives do not match inside a literal.
    [GeneratedRegex(
        @"'(?>[^']|'')*'|"
            + @"\b[Ii][Nn]\s+\((?<list>(?>[^'()]|'(?>[^']|'')*')*)\)|"
            + @"(?<instant>\b\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?>:\d\d(?>\.\d+)?)?([Zz]|[-+\x20]\d\d:\d\d)(?![\w.:]))|"
            + @"(?<![\w.+-])\+(?=\d)|"
            + @"(?<word>(?<![\w./$@])(?i:eq|ne|gt|ge|lt|le|in|and|or|not|null|true|false"
            + @"|startswith|endswith|contains|tolower)(?![\w./']))|\t",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex Tokens();

    [GeneratedRegex(@"(?<=^|,)(?>[^',]|'(?>[^']|'')*')*", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Items();

    [GeneratedRegex(@"\A'(?>[^']|'')*'\z", RegexOptions.CultureInvariant)]
    private static partial Regex TextLiteral();

    [GeneratedRegex(
        @"\A(microsoft\.graph\.industryData\.industryDataRunStatus)?'(?<name>[^']*)'\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant
    )]
    private static partial Regex StatusLiteral();

    /// <summary>
    /// Resolves a string that is the name of a status to that status. The library does so only for eq and ne, and
    /// accepts numbers in quotes.
    /// </summary>
    private sealed class StatusResolver : ODataUriResolver
    {
        public override void PromoteBinaryOperandTypes(
            BinaryOperatorKind binaryOperatorKind,
            ref SingleValueNode leftNode,
            ref SingleValueNode rightNode,
            out IEdmTypeReference typeReference
        )
        {
            if (leftNode.TypeReference?.IsEnum() == true && rightNode is ConstantNode { Value: string right })
            {
                rightNode = Literal(right);
            }
            else if (rightNode.TypeReference?.IsEnum() == true && leftNode is ConstantNode { Value: string left })
            {
                leftNode = Literal(left);
            }

            if (
                (leftNode.TypeReference?.IsEnum() == true && rightNode is ConstantNode { Value: null })
                || (rightNode.TypeReference?.IsEnum() == true && leftNode is ConstantNode { Value: null })
            )
            {
                // The library compares a status with null only by eq and ne.
                typeReference = EdmCoreModel.Instance.GetBoolean(isNullable: false);
                return;
            }

            base.PromoteBinaryOperandTypes(binaryOperatorKind, ref leftNode, ref rightNode, out typeReference);
        }

        private static ConstantNode Literal(string name)
        {
            Status(name);
            return new ConstantNode(
                new ODataEnumValue(name, RunEdmModel.Status.FullName()),
                $"'{name}'",
                new EdmEnumTypeReference(RunEdmModel.Status, isNullable: false)
            );
        }
    }
}
