namespace IndustryData.Domain.Json;

/// <summary>Where a value stands in a body. It is written out only when there is something to say of the value, which is seldom.</summary>
public sealed class JsonPointer
{
    private readonly JsonPointer? _parent;
    private readonly string _name;
    private readonly int? _index;

    private JsonPointer(JsonPointer? parent, string name, int? index) => (_parent, _name, _index) = (parent, name, index);

    /// <summary>A place that is known by its path.</summary>
    public static JsonPointer Root(string path) => new(null, path, null);

    /// <summary>A member of the object here.</summary>
    public JsonPointer Member(string name) => new(this, name, null);

    /// <summary>An item of the array here.</summary>
    public JsonPointer Item(int index) => new(this, "", index);

    /// <summary>The path as messages and targets spell it (<see cref="ValidationErrors.AppendPath"/>).</summary>
    public override string ToString() => _parent is null ? _name : _index is { } index ? $"{_parent}/{index}" : ValidationErrors.AppendPath($"{_parent}", _name);
}
