using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IndustryData.Domain;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Looks through a JSON text for what System.Text.Json lets pass or names no path for: member names that stand twice,
/// U+0000, halves of surrogate pairs, and nesting without end.
/// </summary>
internal static class JsonValidator
{
    /// <summary>The levels that are looked into. Each part of a body has its own, lower limit.</summary>
    public const int MaxLevels = 64;

    private static readonly JsonReaderOptions _anyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>
    /// Adds the errors of a valid UTF-8 text. A value that is nested too deeply is an error and is blanked out, so that
    /// later readers do not meet it.
    /// </summary>
    /// <returns>True if all of it was validated; false if there are as many errors as are reported.</returns>
    /// <exception cref="JsonException">The text is not exactly one JSON value.</exception>
    public static bool Validate(Span<byte> json, ValidationErrors faults)
    {
        // Known ones too: each costs time, and only new ones fill the list.
        var found = 0;
        var reader = new Utf8JsonReader(json, _anyDepth);
        var levels = new List<Frame>();
        var depth = 0;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    var here = levels[depth - 1];
                    here.Name = NameOf(ref reader, out var isText);
                    if (!isText)
                    {
                        found++;
                        faults.Add(
                            PathTo(levels, depth),
                            "unstorableText",
                            "A member's name must not hold U+0000 or half of a surrogate pair; rename it."
                        );
                    }
                    else if (!here.Names.Add(here.Name))
                    {
                        found++;
                        var twice = PathTo(levels, depth);
                        faults.Add(twice, "duplicateMember", $"{twice} stands twice; send it once.");
                    }

                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    depth--;
                    break;
                default:
                    if (depth > 0 && levels[depth - 1].IsArray)
                    {
                        levels[depth - 1].Index++;
                    }

                    break;
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.String when !IsText(ref reader):
                    found++;
                    var path = PathTo(levels, depth);
                    faults.Add(
                        path,
                        "unstorableText",
                        $"{path} must not hold U+0000 or half of a surrogate pair; remove it."
                    );
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray when depth == MaxLevels:
                    found++;
                    faults.Add(
                        PathTo(levels, 1),
                        "tooDeep",
                        $"{PathTo(levels, 1)} nests deeper than {MaxLevels} levels; flatten it."
                    );
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    json[start..(int)reader.BytesConsumed].Fill((byte)' ');
                    json[start] = (byte)'0';
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (depth == levels.Count)
                    {
                        levels.Add(new Frame());
                    }

                    levels[depth++].Enter(reader.TokenType == JsonTokenType.StartArray);
                    break;
            }

            if (found == ValidationErrors.MaxCount)
            {
                // The rest is only read to learn whether it is JSON.
                while (reader.Read()) { }
            }
        }

        return found < ValidationErrors.MaxCount;
    }

    private static string NameOf(ref Utf8JsonReader reader, out bool isText)
    {
        isText = IsText(ref reader);
        return isText ? reader.GetString()! : Encoding.UTF8.GetString(reader.ValueSpan);
    }

    /// <summary>
    /// Whether the string at the reader is Unicode text that PostgreSQL can keep. In valid UTF-8 only an escape can
    /// spoil it.
    /// </summary>
    private static bool IsText(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
        {
            return true;
        }

        var text = reader.ValueSpan;
        for (var i = text.IndexOf((byte)'\\'); i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                continue;
            }

            var unit = CodeUnit(text, i);
            i += unit is null ? 1 : 5;
            switch (unit)
            {
                case 0 or (>= 0xDC00 and <= 0xDFFF):
                    return false;
                case >= 0xD800 and <= 0xDBFF:
                    if (CodeUnit(text, i + 1) is not (>= 0xDC00 and <= 0xDFFF))
                    {
                        return false;
                    }

                    i += 6;
                    break;
            }
        }

        return true;
    }

    /// <summary>
    /// The UTF-16 code unit that the escape <c>\uXXXX</c> at <paramref name="at"/> stands for; null when no such escape
    /// stands there.
    /// </summary>
    private static int? CodeUnit(ReadOnlySpan<byte> text, int at) =>
        at + 6 <= text.Length
        && text[at] == '\\'
        && text[at + 1] == 'u'
        && Utf8Parser.TryParse(text.Slice(at + 2, 4), out int unit, out _, 'X')
            ? unit
            : null;

    private static string PathTo(List<Frame> levels, int depth)
    {
        var path = "";
        foreach (var level in levels.Take(depth))
        {
            path = ValidationErrors.AppendPath(
                path,
                level.IsArray ? level.Index.ToString(CultureInfo.InvariantCulture) : level.Name
            );
        }

        return path;
    }

    /// <summary>An object or array that the reader is in.</summary>
    private sealed class Frame
    {
        // Emptying a set takes as long as it was large: after a large object, each of many small ones would.
        private const int LargestToEmpty = 64;

        public bool IsArray { get; private set; }

        public int Index { get; set; }

        public string Name { get; set; } = "";

        public HashSet<string> Names { get; private set; } = new(StringComparer.Ordinal);

        public void Enter(bool isArray)
        {
            (IsArray, Index, Name) = (isArray, -1, "");
            if (Names.Count > LargestToEmpty)
            {
                Names = new HashSet<string>(StringComparer.Ordinal);
            }
            else
            {
                Names.Clear();
            }
        }
    }
}
