using IndustryData.Domain;

namespace IndustryData.WebApi.Http;

/// <summary>The path of a value in a request body. Its text is built only for error messages, which are rare.</summary>
internal sealed class JsonPointer
{
    private const int MaxLength = 512;

    private readonly JsonPointer? _parent;
    private readonly string _name;
    private readonly int? _index;

    private JsonPointer(JsonPointer? parent, string name, int? index) =>
        (_parent, _name, _index) = (parent, name, index);

    /// <summary>
    /// Returns the path of a member: names and array indexes joined by <c>/</c>. A slash in a name is written as
    /// <c>~1</c> and a tilde as <c>~0</c>, as in JSON Pointer (RFC 6901 §3). An empty name is written as two quotes.
    /// Names and paths that are too long are truncated.
    /// </summary>
    public static string Append(string parent, string name)
    {
        if (parent.Length > MaxLength)
        {
            return parent;
        }

        var shown =
            name.Length == 0
                ? "\"\""
                : ValidationErrors
                    .Abbreviate(name)
                    .Replace("~", "~0", StringComparison.Ordinal)
                    .Replace("/", "~1", StringComparison.Ordinal);
        return parent.Length == 0 ? shown : $"{parent}/{shown}";
    }

    /// <summary>Creates a pointer from a path.</summary>
    public static JsonPointer Root(string path) => new(null, path, null);

    /// <summary>Returns the pointer to a member of this object.</summary>
    public JsonPointer Member(string name) => new(this, name, null);

    /// <summary>Returns the pointer to an item of this array.</summary>
    public JsonPointer Item(int index) => new(this, "", index);

    /// <summary>Returns the path in the format of <see cref="Append"/>.</summary>
    public override string ToString() =>
        _parent is null ? _name
        : _index is { } index ? $"{_parent}/{index}"
        : Append($"{_parent}", _name);
}
