using System.Buffers;
using System.Text.Json;
using IndustryData.WebApi.Http;
using Microsoft.OData.Edm;

namespace IndustryData.WebApi.OData;

/// <summary>
/// Turns a payload with minimal control information into one with all of it, or with none, and numbers into texts where that is asked for
/// (OData JSON Format §3.1, §3.2, §4.5). What the payload is, its context URL says, and the model.
/// </summary>
internal sealed class ControlInformationRewriter
{
    private const string Context = "@odata.context";
    private const string Type = "@odata.type";
    private const string ETag = "@odata.etag";

    private static readonly string[] _always = ["@odata.count", "@odata.nextLink", "@odata.deltaLink"];

    private readonly ODataFormat _format;
    private readonly string _root;
    private readonly Utf8JsonWriter _json;
    private readonly bool _isFull;
    private bool _isProjected;

    private ControlInformationRewriter(ODataFormat format, string root, Utf8JsonWriter json) => (_format, _root, _json, _isFull) = (format, root, json, format.Level == MetadataLevel.Full);

    /// <summary>Writes the payload anew.</summary>
    /// <param name="minimal">The payload.</param>
    /// <param name="format">The format that it is to have.</param>
    /// <param name="root">The service root.</param>
    /// <param name="json">Where to.</param>
    public static void Rewrite(ReadOnlySequence<byte> minimal, ODataFormat format, string root, Utf8JsonWriter json)
    {
        using var payload = JsonDocument.Parse(minimal);
        new ControlInformationRewriter(format, root, json).WritePayload(payload.RootElement);
    }

    private void WritePayload(JsonElement payload)
    {
        var context = payload.GetProperty(Context).GetString()!;
        var fragment = context.IndexOf('#', StringComparison.Ordinal) is var hash && hash >= 0 ? context[(hash + 1)..] : "";
        var (type, path) = Describe(fragment);
        if (type is IEdmEntityType entity && payload.TryGetProperty("value", out var items) && items.ValueKind == JsonValueKind.Array)
        {
            WriteCollection(payload, entity, $"{_root}{path}");
        }
        else
        {
            WriteObject(payload, type, type is IEdmEntityType ? path : null, fragment.Contains('/', StringComparison.Ordinal));
        }
    }

    /// <summary>What a context URL's fragment says of the payload: its type, and the path of the collection or singleton that it is in.</summary>
    private (IEdmStructuredType? Type, string Path) Describe(string fragment)
    {
        if (RunEdmModel.Model.FindType(fragment) is IEdmStructuredType complex)
        {
            return (complex, "");
        }

        IEdmEntityType? type = null;
        var path = "";
        foreach (var segment in fragment.Split('/').TakeWhile(s => !s.StartsWith('$')))
        {
            var (name, inside) = segment.IndexOf('(', StringComparison.Ordinal) is var open && open >= 0 ? (segment[..open], segment[(open + 1)..^1]) : (segment, "");
            type = type is null ? RunEdmModel.Model.EntityContainer.FindSingleton(name)?.EntityType : (type.FindProperty(name) as IEdmNavigationProperty)?.ToEntityType();
            if (type is null)
            {
                return (null, "");
            }

            path = path.Length == 0 ? name : $"{path}/{name}";
            if (inside.StartsWith('\''))
            {
                path = $"{path}/{inside.Trim('\'')}";
            }
            else if (inside.Length > 0)
            {
                _isProjected = !inside.EndsWith(')') || inside.Contains(',', StringComparison.Ordinal);
            }
        }

        return (type, path);
    }

    private void WriteCollection(JsonElement payload, IEdmEntityType type, string url)
    {
        _json.WriteStartObject();
        foreach (var member in payload.EnumerateObject())
        {
            if (member.NameEquals("value"))
            {
                // What can be done with the runs is said before them (§16); the contained collections have nothing of the kind.
                WriteOperations(new EdmCollectionType(new EdmEntityTypeReference(type, isNullable: false)), url);
                WriteItems(member, type, url);
            }
            else if (_format.Level != MetadataLevel.None || _always.Contains(member.Name))
            {
                WriteMember(member, member.NameEquals("@odata.count") ? EdmCoreModel.Instance.GetInt64(isNullable: false) : null);
            }
        }

        _json.WriteEndObject();
    }

    private void WriteItems(JsonProperty items, IEdmEntityType type, string url)
    {
        _json.WriteStartArray(items.Name);
        foreach (var item in items.Value.EnumerateArray())
        {
            WriteObject(item, type, url, isMember: true);
        }

        _json.WriteEndArray();
    }

    /// <summary>Writes an entity or a complex value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="declared">Its declared type; null when it has none.</param>
    /// <param name="url">Where it is, or the collection that it is in; null for what has no address.</param>
    /// <param name="isMember">Whether it is in a collection, and its key belongs to its URL.</param>
    private void WriteObject(JsonElement value, IEdmStructuredType? declared, string? url, bool isMember = false)
    {
        var type = value.TryGetProperty(Type, out var named) && named.GetString() is { } name && RunEdmModel.Model.FindType(name.TrimStart('#')) is IEdmStructuredType actual ? actual : declared;
        var entity = url is null || value.TryGetProperty("@removed", out _) ? null : type as IEdmEntityType;
        if (url is not null)
        {
            url = url.StartsWith(_root, StringComparison.Ordinal) ? url : $"{_root}{url}";
            url = isMember && value.TryGetProperty("id", out var id) ? $"{url}/{id.GetString()}" : url;
        }

        _json.WriteStartObject();
        if (_isFull)
        {
            // In the order that readers of streams rely on (§4.4).
            WriteText(value, Context);
            if (type is { IsAbstract: false })
            {
                _json.WriteString(Type, $"#{type.FullTypeName()}");
            }

            if (entity is not null)
            {
                _json.WriteString("@odata.id", url);
                WriteText(value, ETag);
                _json.WriteString("@odata.editLink", url);
            }
        }

        foreach (var member in value.EnumerateObject().Where(m => !m.Name.StartsWith("@odata.", StringComparison.Ordinal) || _format.Level == MetadataLevel.Minimal))
        {
            var property = type?.FindProperty(member.Name);
            if (property is IEdmNavigationProperty { ContainsTarget: true } expanded)
            {
                WriteLinks(expanded, url);
                WriteItems(member, expanded.ToEntityType(), $"{url}/{member.Name}");
            }
            else
            {
                WriteMember(member, property?.Type);
            }
        }

        if (_isFull && entity is not null && !_isProjected)
        {
            // What is not contained comes whole and has no address.
            foreach (var navigation in entity.NavigationProperties().Where(n => n.ContainsTarget && !value.TryGetProperty(n.Name, out _)))
            {
                WriteLinks(navigation, url);
            }

            WriteOperations(entity, url!);
        }

        _json.WriteEndObject();
    }

    private void WriteMember(JsonProperty member, IEdmTypeReference? type)
    {
        if (_isFull && type is not null && member.Value.ValueKind != JsonValueKind.Null && TypeName(type) is { } name && !member.Name.StartsWith('@'))
        {
            _json.WriteString($"{member.Name}{Type}", name);
        }

        _json.WritePropertyName(member.Name);
        WriteValue(member.Value, type);
    }

    private void WriteValue(JsonElement value, IEdmTypeReference? type)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object when type?.Definition is IEdmStructuredType structured:
                WriteObject(value, structured, url: null);
                break;
            case JsonValueKind.Array when type?.IsCollection() == true:
                _json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    WriteValue(item, type.AsCollection().ElementType());
                }

                _json.WriteEndArray();
                break;
            case JsonValueKind.Number when _format.Ieee754Compatible && type?.IsInt64() == true:
                _json.WriteStringValue(value.GetRawText());
                break;
            default:
                // What the model does not know is passed on as it is.
                value.WriteTo(_json);
                break;
        }
    }

    /// <summary>The type that a reader cannot guess from the value (§4.5.3); null where it can, and where the value says it itself.</summary>
    private static string? TypeName(IEdmTypeReference type) =>
        type.IsCollection() ? $"#Collection({type.AsCollection().ElementType().FullName()})"
        : type.IsEnum() ? $"#{type.FullName()}"
        : type.IsPrimitive() && !type.IsString() && !type.IsBoolean() ? $"#{type.AsPrimitive().PrimitiveKind()}"
        : null;

    private void WriteText(JsonElement value, string name)
    {
        if (value.TryGetProperty(name, out var text))
        {
            _json.WriteString(name, text.GetString());
        }
    }

    private void WriteLinks(IEdmNavigationProperty navigation, string? url)
    {
        if (_isFull)
        {
            // There are no other references to read.
            if (navigation.DeclaringType == RunEdmModel.Run)
            {
                _json.WriteString($"{navigation.Name}@odata.associationLink", $"{url}/{navigation.Name}/$ref");
            }

            _json.WriteString($"{navigation.Name}@odata.navigationLink", $"{url}/{navigation.Name}");
        }
    }

    private void WriteOperations(IEdmType bound, string url)
    {
        if (!_isFull || _isProjected)
        {
            return;
        }

        foreach (var operation in RunEdmModel.Model.FindDeclaredBoundOperations(bound))
        {
            _json.WriteStartObject($"#{operation.FullName()}");
            _json.WriteString("title", operation.Name);
            _json.WriteString("target", $"{url}/{operation.FullName()}");
            _json.WriteEndObject();
        }
    }
}
