using IndustryData.Domain;

namespace IndustryData.WebApi.Http;

/// <summary>The path of a value in a request body. Its text is built only for error messages, which are rare.</summary>
internal sealed class JsonPointer
{
    private readonly JsonPointer? _parent;
    private readonly string _name;
    private readonly int? _index;

    private JsonPointer(JsonPointer? parent, string name, int? index) =>
        (_parent, _name, _index) = (parent, name, index);

    /// <summary>Creates a pointer from a path.</summary>
    public static JsonPointer Root(string path) => new(null, path, null);

    /// <summary>Returns the pointer to a member of this object.</summary>
    public JsonPointer Member(string name) => new(this, name, null);

    /// <summary>Returns the pointer to an item of this array.</summary>
    public JsonPointer Item(int index) => new(this, "", index);

    /// <summary>Returns the path in the format of <see cref="ValidationErrors.AppendPath"/>.</summary>
    public override string ToString() =>
        _parent is null ? _name
        : _index is { } index ? $"{_parent}/{index}"
        : ValidationErrors.AppendPath($"{_parent}", _name);
}
