using System.Globalization;
using System.Text.RegularExpressions;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Runs;
using Microsoft.OData;
using Microsoft.OData.Edm;
using Microsoft.OData.UriParser;

namespace IndustryData.WebApi.OData;

/// <summary>Reads <c>$filter</c> (OData URL Conventions §5.1.1) into a filter of ours.</summary>
internal sealed partial class FilterParser
{
    /// <summary>How deep conditions may nest.</summary>
    public const int MaxDepth = 20;

    /// <summary>How many conditions a filter may have.</summary>
    public const int MaxNodes = 100;

    /// <summary>How many values <c>in</c> may have.</summary>
    public const int MaxValues = 500;

    private const int LongestReason = 400;

    /// <summary>The properties that filters take, by their path.</summary>
    public static readonly IReadOnlyDictionary<string, RunField> Fields = new Dictionary<string, RunField>
    {
        ["id"] = RunField.Id,
        ["displayName"] = RunField.DisplayName,
        ["startDateTime"] = RunField.StartDateTime,
        ["endDateTime"] = RunField.EndDateTime,
        ["status"] = RunField.Status,
        ["blockingError"] = RunField.BlockingError,
        ["blockingError/code"] = RunField.BlockingErrorCode,
        ["blockingError/message"] = RunField.BlockingErrorMessage,
        ["blockingError/target"] = RunField.BlockingErrorTarget,
        ["createdDateTime"] = RunField.CreatedDateTime,
        ["lastModifiedDateTime"] = RunField.LastModifiedDateTime,
        ["statistics/inboundTotals/errors"] = RunField.Errors,
        ["statistics/inboundTotals/warnings"] = RunField.Warnings,
        ["statistics/inboundTotals/groups"] = RunField.Groups,
        ["statistics/inboundTotals/memberships"] = RunField.Memberships,
        ["statistics/inboundTotals/organizations"] = RunField.Organizations,
        ["statistics/inboundTotals/people"] = RunField.People,
    };

    private static readonly RunField[] _texts = [RunField.Id, RunField.DisplayName, RunField.BlockingErrorCode, RunField.BlockingErrorMessage, RunField.BlockingErrorTarget];
    private static readonly RunField[] _instants = [RunField.StartDateTime, RunField.EndDateTime, RunField.CreatedDateTime, RunField.LastModifiedDateTime];
    private static readonly string _statuses = string.Join(", ", [.. RunStatus.All.Select(s => s.Name), RunStatus.UnknownFutureValue]);

    private readonly Queue<string> _inLists;
    private int _nodes;

    private FilterParser(Queue<string> lists) => _inLists = lists;

    /// <summary>The property that a node of the parser names; null when it is none that can be filtered or ordered by.</summary>
    public static RunField? FieldOf(QueryNode node) => PathOf(node) is { } path && Fields.TryGetValue(path, out var field) ? field : null;

    /// <summary>Parses with the library, whose messages are repeated to the caller with what may be meant instead.</summary>
    /// <exception cref="QueryOptionException">The text is not what the library understands.</exception>
    public static T Parse<T>(string option, string text, Func<ODataQueryOptionParser, T> parse)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new QueryOptionException("invalidQueryOption", "nothing is there; leave the option out, or say what you want.");
        }

        try
        {
            return parse(new ODataQueryOptionParser(RunEdmModel.Model, RunEdmModel.Run, null, new Dictionary<string, string> { [option] = text }) { Resolver = new StatusResolver() });
        }
        catch (QueryOptionException)
        {
            throw;
        }
        catch (Exception exception) when (exception is not TypeInitializationException)
        {
            // For some malformed texts the library has exceptions of any kind, for some ODataExceptions that speak of its own insides.
            var reason = exception is ODataException && !exception.Message.Contains("internal error", StringComparison.Ordinal) ? exception.Message : "it is not well-formed.";
            throw new QueryOptionException("invalidQueryOption", $"{(reason.Length > LongestReason ? $"{reason[..LongestReason]}…" : reason)}{FilterSuggestions.For(text)}");
        }
    }

    /// <summary>Reads a filter.</summary>
    /// <exception cref="QueryOptionException">It is malformed, too large, or holds what is not offered.</exception>
    public static IRunFilter Parse(string text)
    {
        CheckNesting(text);
        var lists = new Queue<string>();
        var rest = Tokens().Replace(text, match =>
        {
            if (match.Groups["list"] is { Success: true } list)
            {
                // The library rounds 1.5 to 2 in a list, takes no null and trips over quotes: the values are read here.
                lists.Enqueue(list.Value);
                return "in ()";
            }

            if (match.Groups["instant"].Success)
            {
                // Of the spellings that the grammar allows the library knows few. A plus that was not written %2B has become a space on its way, where the grammar allows none.
                return DateTimeOffsetParser.Parse(match.Value.Replace(' ', '+')) is { } instant ? instant.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture) : match.Value.Replace(' ', '+');
            }

            if (match.Groups["word"].Success)
            {
                // Of the grammar, which knows no case; the library knows small letters alone.
                return match.Value.ToLowerInvariant();
            }

            return match.Value switch
            {
                // Taken for a part of the literal before it; between two words it is as good as a space.
                "\t" => " ",

                // A number's sign: not understood, and without meaning.
                "+" => "",
                _ => match.Value,
            };
        });
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
            depth += isText ? 0 : text[i] switch { '(' when isGroup => 1, ')' => -1, _ => 0 };
            if (depth > MaxDepth)
            {
                throw new QueryOptionException("filterTooLarge", $"it nests deeper than {MaxDepth} levels; flatten it.");
            }

            depth = Math.Max(depth, 0);
        }
    }

    private IRunFilter Condition(QueryNode node, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new QueryOptionException("filterTooLarge", $"it nests deeper than {MaxDepth} levels; flatten it.");
        }

        if (node is BinaryOperatorNode { OperatorKind: BinaryOperatorKind.And or BinaryOperatorKind.Or } logic)
        {
            var parts = new List<QueryNode>();
            Flatten(logic, logic.OperatorKind, parts);
            return new LogicalFilter(logic.OperatorKind == BinaryOperatorKind.And, [.. parts.Select(p => Condition(p, depth + 1))]);
        }

        if (++_nodes > MaxNodes)
        {
            throw new QueryOptionException("filterTooLarge", $"it has more than {MaxNodes} conditions; compare one property with many values by 'in'.");
        }

        return StripConverts(node) switch
        {
            UnaryOperatorNode { OperatorKind: UnaryOperatorKind.Not } not => new NotFilter(Condition(not.Operand, depth + 1)),
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

        if (StripConverts(node.Left) is ConstantNode { Value: bool } || StripConverts(node.Right) is ConstantNode { Value: bool })
        {
            throw new QueryOptionException("unsupportedFilter", "conditions cannot be compared with true or false; leave 'eq true' out, and write 'not (…)' for 'eq false'.");
        }

        var (left, right) = (Term(node.Left), Term(node.Right));
        if (left.Field == RunField.BlockingError || right.Field == RunField.BlockingError)
        {
            var other = left.Field == RunField.BlockingError ? right : left;
            if (other is not { Field: null, Value: null } || known is not (ComparisonOperator.Equal or ComparisonOperator.NotEqual))
            {
                throw new QueryOptionException("unsupportedFilter", "blockingError itself can only be compared with null, by eq or ne; for more use blockingError/code, blockingError/message or blockingError/target.");
            }
        }

        return new ComparisonFilter(left, known, right);
    }

    private InFilter Membership(InNode node)
    {
        if (!_inLists.TryDequeue(out var list))
        {
            throw new QueryOptionException("invalidQueryOption", "the values after 'in' must be plain values in parentheses, like status in ('failed','completed').");
        }

        var term = Term(node.Left);
        if (term.Field == RunField.BlockingError)
        {
            throw new QueryOptionException("unsupportedFilter", "blockingError cannot stand before 'in'; use blockingError/code, blockingError/message or blockingError/target.");
        }

        if (term is { Field: null, Value: not (null or string) })
        {
            throw new QueryOptionException("unsupportedFilter", "a property must stand before 'in', like status in ('failed','completed').");
        }

        var items = Items().Matches(list);
        if (items.Count > MaxValues)
        {
            throw new QueryOptionException("filterTooLarge", $"'in' has {items.Count} values; send at most {MaxValues}.");
        }

        // An empty list selects nothing.
        return new InFilter(term, string.IsNullOrWhiteSpace(list) ? [] : [.. items.Select(i => Value(i.Value.Trim(), term))]);
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
        return matching is { } known ? new StringMatchFilter(known, Term(call.Parameters.First()), Term(call.Parameters.Last())) : throw Unsupported(call);
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

    private static object? Value(ConstantNode constant) => constant.Value switch
    {
        null => null,
        string text => text,
        ODataEnumValue status => Status(status.Value),
        _ when constant.TypeReference.IsDate() => throw new QueryOptionException("invalidQueryOption", $"{constant.LiteralText} is a date without a time; write {constant.LiteralText}T00:00:00Z."),
        DateTimeOffset instant => DateTimeOffsetParser.Parse(constant.LiteralText) ?? instant,
        _ => Number(constant.LiteralText) ?? throw new QueryOptionException("invalidQueryOption", $"{ValidationErrors.Abbreviate(constant.LiteralText)} cannot be compared with a property of a run."),
    };

    /// <summary>A value in the list of <c>in</c>.</summary>
    private static object? Value(string text, Operand term)
    {
        if (text.Equals("null", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        object? value = null;
        if (text.Length > 0 && term.Field == RunField.Status && StatusLiteral().Match(text) is { Success: true } status)
        {
            value = Status(status.Groups["name"].Value);
        }
        else if (term.Field is null or RunField.Id || (term.Field is { } field && _texts.Contains(field)))
        {
            value = TextLiteral().IsMatch(text) ? text[1..^1].Replace("''", "'", StringComparison.Ordinal) : null;
        }
        else if (term.Field is { } instant && _instants.Contains(instant))
        {
            value = DateTimeOffsetParser.Parse(text);
        }
        else if (term.Field != RunField.Status)
        {
            value = Number(text);
        }

        return value ?? throw new QueryOptionException("invalidQueryOption", $"{(text.Length == 0 ? "an empty place" : ValidationErrors.Abbreviate(text))} in the list of 'in' is no value that {NameOf(term)} can have{FilterSuggestions.For(text)}");
    }

    private static object? Number(string literal)
    {
        if (literal is "NaN" or "INF" or "-INF")
        {
            return literal switch { "NaN" => double.NaN, "INF" => double.PositiveInfinity, _ => double.NegativeInfinity };
        }

        var digits = literal.TrimEnd('m', 'M', 'd', 'D', 'f', 'F', 'l', 'L');
        return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole
            : decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) ? exact
            : double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var rounded) ? rounded
            : null;
    }

    private static short Status(string text) =>
        RunStatus.FromName(text) is { } status ? status.Number
        : text == RunStatus.UnknownFutureValue ? (short)RunStatus.All.Count
        : short.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= RunStatus.All.Count ? number
        : throw new QueryOptionException("unknownStatus", $"'{ValidationErrors.Abbreviate(text)}' is no status; the statuses are {_statuses}.");

    private static string NameOf(Operand term) => term.Field is { } field ? Fields.First(f => f.Value == field).Key : "the text before it";

    /// <summary>The node without the conversions that the library puts around it.</summary>
    private static QueryNode StripConverts(QueryNode node)
    {
        while (node is ConvertNode convert)
        {
            node = convert.Source;
        }

        return node;
    }

    private static string? PathOf(QueryNode node) => StripConverts(node) switch
    {
        SingleValuePropertyAccessNode property => Path(property.Source, property.Property.Name),
        SingleComplexNode property => Path(property.Source, property.Property.Name),
        SingleValueOpenPropertyAccessNode property => Path(property.Source, property.Name),
        CollectionComplexNode property => Path(property.Source, property.Property.Name),
        CollectionNavigationNode property => Path(property.Source, property.NavigationProperty.Name),
        _ => null,
    };

    private static string? Path(QueryNode source, string name) =>
        source is ResourceRangeVariableReferenceNode ? name : PathOf(source) is { } path ? $"{path}/{name}" : null;

    private static QueryOptionException Unsupported(QueryNode node) => new("unsupportedFilter", StripConverts(node) switch
    {
        SingleValueFunctionCallNode { Name: "toupper" } => "toupper is not offered; use tolower.",
        SingleValueFunctionCallNode call => $"{ValidationErrors.Abbreviate(call.Name)} is not offered; startswith, endswith, contains and tolower are.",
        BinaryOperatorNode binary => $"the operator {ToOperatorName(binary.OperatorKind)} is not offered; eq, ne, gt, ge, lt, le, in, and, or and not are.",
        UnaryOperatorNode { OperatorKind: UnaryOperatorKind.Negate } => "the operator - is not offered before a property; compare with a negative number.",
        ParameterAliasNode alias => $"{ValidationErrors.Abbreviate(alias.Alias)}: parameter aliases are not offered; write the value itself.",
        LambdaNode => "any and all are not offered.",
        ConstantNode => "a condition is missing: compare a property, like status eq 'failed'.",
        var other when PathOf(other) is { } path => $"{ValidationErrors.Abbreviate(path)} cannot be filtered by; {string.Join(", ", Fields.Keys)} can.",
        var other => $"an expression of the kind {other.Kind} is not offered.",
    });

    private static string ToOperatorName(BinaryOperatorKind kind) => kind switch
    {
        BinaryOperatorKind.Add => "add",
        BinaryOperatorKind.Subtract => "sub",
        BinaryOperatorKind.Multiply => "mul",
        BinaryOperatorKind.Divide => "div",
        BinaryOperatorKind.Modulo => "mod",
        _ => "has",
    };

    // Texts come first, so that nothing inside them is taken for something else.
    [GeneratedRegex(@"'(?>[^']|'')*'|\b[Ii][Nn]\s+\((?<list>(?>[^'()]|'(?>[^']|'')*')*)\)|(?<instant>\b\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?>:\d\d(?>\.\d+)?)?([Zz]|[-+\x20]\d\d:\d\d)(?![\w.:]))|(?<![\w.+-])\+(?=\d)|(?<word>(?<![\w./$@])(?i:eq|ne|gt|ge|lt|le|in|and|or|not|null|true|false|startswith|endswith|contains|tolower)(?![\w./']))|\t", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Tokens();

    [GeneratedRegex(@"(?<=^|,)(?>[^',]|'(?>[^']|'')*')*", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Items();

    [GeneratedRegex(@"\A'(?>[^']|'')*'\z", RegexOptions.CultureInvariant)]
    private static partial Regex TextLiteral();

    [GeneratedRegex(@"\A(microsoft\.graph\.industryData\.industryDataRunStatus)?'(?<name>[^']*)'\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex StatusLiteral();

    /// <summary>Takes the name of a status for the status: the library does so for eq and ne alone, and with numbers in quotes.</summary>
    private sealed class StatusResolver : ODataUriResolver
    {
        public override void PromoteBinaryOperandTypes(BinaryOperatorKind binaryOperatorKind, ref SingleValueNode leftNode, ref SingleValueNode rightNode, out IEdmTypeReference typeReference)
        {
            if (leftNode.TypeReference?.IsEnum() == true && rightNode is ConstantNode { Value: string right })
            {
                rightNode = Literal(right);
            }
            else if (rightNode.TypeReference?.IsEnum() == true && leftNode is ConstantNode { Value: string left })
            {
                leftNode = Literal(left);
            }

            if ((leftNode.TypeReference?.IsEnum() == true && rightNode is ConstantNode { Value: null }) || (rightNode.TypeReference?.IsEnum() == true && leftNode is ConstantNode { Value: null }))
            {
                // The library compares a status with null by eq and ne alone.
                typeReference = EdmCoreModel.Instance.GetBoolean(isNullable: false);
                return;
            }

            base.PromoteBinaryOperandTypes(binaryOperatorKind, ref leftNode, ref rightNode, out typeReference);
        }

        private static ConstantNode Literal(string name)
        {
            Status(name);
            return new ConstantNode(new ODataEnumValue(name, RunEdmModel.Status.FullName()), $"'{name}'", new EdmEnumTypeReference(RunEdmModel.Status, isNullable: false));
        }
    }
}
