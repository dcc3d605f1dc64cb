using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using IndustryData.Domain;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Validates a JSON text for errors that System.Text.Json does not detect or reports without a path: duplicate member
/// names, U+0000, unpaired surrogates, and excessive nesting.
/// </summary>
internal static class JsonValidator
{
    /// <summary>
    /// The maximum number of levels that are validated. Each part of a body has its own, lower limit.
    /// </summary>
    public const int MaxLevels = 64;

    private static readonly JsonReaderOptions _anyDepth = new() { MaxDepth = int.MaxValue };

    /// <summary>
    /// Validates a JSON text in valid UTF-8 and adds its errors. A value that is nested too deeply is an error. It is
    /// replaced by <c>0</c>, so that later readers do not process it.
    /// </summary>
    /// <returns>
    /// Returns true if the complete text was validated; false if the maximum number of errors was reached.
    /// </returns>
    /// <exception cref="JsonException">The text is not exactly one JSON value.</exception>
    public static bool Validate(Span<byte> json, ValidationErrors faults)
    {
        // Counts repeated errors too. Each error costs time, but the list only grows with new errors.
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
                            "invalidCharacters",
                            "A member's name must not hold U+0000 or half of a surrogate pair; rename it."
                        );
                    }
                    else if (!here.Names.Add(here.Name))
                    {
                        found++;
                        var twice = PathTo(levels, depth);
                        faults.Add(twice, "duplicateProperty", $"{twice} is a duplicate member; send it once.");
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
                        "invalidCharacters",
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
                // The rest is only checked for well-formed JSON.
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
    /// Checks the string at the position of the reader. In valid UTF-8, only an escape sequence can make it invalid.
    /// </summary>
    /// <returns>Returns true if the string is Unicode text that PostgreSQL can store.</returns>
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
    /// Returns the UTF-16 code unit of the escape sequence <c>\uXXXX</c> at <paramref name="at"/>; null if there is no
    /// such escape sequence.
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
            path = JsonPointer.Append(
                path,
                level.IsArray ? level.Index.ToString(CultureInfo.InvariantCulture) : level.Name
            );
        }

        return path;
    }

    /// <summary>An object or array that contains the position of the reader.</summary>
    private sealed class Frame
    {
        // The time to clear a set depends on its former size. Without this limit, clearing it for each of many small
        // objects would take as long as for the large object before them.
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
