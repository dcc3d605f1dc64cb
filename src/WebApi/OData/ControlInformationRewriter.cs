using System.Buffers;
using System.Text.Json;
using IndustryData.WebApi.Http;
using Microsoft.OData.Edm;

namespace IndustryData.WebApi.OData;

/// <summary>
/// Converts a payload with minimal control information to full or no control information, and converts numbers to
/// strings if the format requires it (OData JSON Format §3.1, §3.2, §4.5). The context URL and the model determine the
/// type of the payload.
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

    private ControlInformationRewriter(ODataFormat format, string root, Utf8JsonWriter json) =>
        (_format, _root, _json, _isFull) = (format, root, json, format.Level == MetadataLevel.Full);

    /// <summary>Writes the payload in the given format.</summary>
    /// <param name="minimal">The payload with minimal control information.</param>
    /// <param name="format">The format to write.</param>
    /// <param name="root">The service root.</param>
    /// <param name="json">The writer that receives the output.</param>
    public static void Rewrite(ReadOnlySequence<byte> minimal, ODataFormat format, string root, Utf8JsonWriter json)
    {
        using var payload = JsonDocument.Parse(minimal);
        new ControlInformationRewriter(format, root, json).WritePayload(payload.RootElement);
    }

    private void WritePayload(JsonElement payload)
    {
        var context = payload.GetProperty(Context).GetString()!;
        var hash = context.IndexOf('#', StringComparison.Ordinal);
        var fragment = hash >= 0 ? context[(hash + 1)..] : "";
        var (type, path) = Describe(fragment);
        if (
            type is IEdmEntityType entity
            && payload.TryGetProperty("value", out var items)
            && items.ValueKind == JsonValueKind.Array
        )
        {
            WriteCollection(payload, entity, $"{_root}{path}");
        }
        else
        {
            var isMember = fragment.Contains('/', StringComparison.Ordinal);
            WriteObject(payload, type, type is IEdmEntityType ? path : null, isMember);
        }
    }

    /// <summary>Determines the type and the path of a payload from the fragment of its context URL.</summary>
    /// <returns>The type, and the path of the collection or singleton that contains the payload.</returns>
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
            var open = segment.IndexOf('(', StringComparison.Ordinal);
            var (name, inside) = open >= 0 ? (segment[..open], segment[(open + 1)..^1]) : (segment, "");
            type = type is null
                ? RunEdmModel.Model.EntityContainer.FindSingleton(name)?.EntityType
                : (type.FindProperty(name) as IEdmNavigationProperty)?.ToEntityType();
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
                // The operations of the runs precede the runs (§16). The contained collections have no operations.
                WriteOperations(new EdmCollectionType(new EdmEntityTypeReference(type, isNullable: false)), url);
                WriteItems(member, type, url);
            }
            else if (_format.Level != MetadataLevel.None || _always.Contains(member.Name))
            {
                var memberType = member.NameEquals("@odata.count")
                    ? EdmCoreModel.Instance.GetInt64(isNullable: false)
                    : null;
                WriteMember(member, memberType);
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
    /// <param name="declared">The declared type, or null if there is none.</param>
    /// <param name="url">The URL of the value or of its collection, or null if the value has no URL.</param>
    /// <param name="isMember">True if the value is in a collection, so that its key is part of its URL.</param>
    private void WriteObject(JsonElement value, IEdmStructuredType? declared, string? url, bool isMember = false)
    {
        var type =
            value.TryGetProperty(Type, out var named)
            && named.GetString() is { } name
            && RunEdmModel.Model.FindType(name.TrimStart('#')) is IEdmStructuredType actual
                ? actual
                : declared;
        var entity = url is null || value.TryGetProperty("@removed", out _) ? null : type as IEdmEntityType;
        if (url is not null)
        {
            url = url.StartsWith(_root, StringComparison.Ordinal) ? url : $"{_root}{url}";
            url = isMember && value.TryGetProperty("id", out var id) ? $"{url}/{id.GetString()}" : url;
        }

        _json.WriteStartObject();
        if (_isFull)
        {
            // The order is the one that streaming readers require (§4.4).
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

        foreach (
            var member in value
                .EnumerateObject()
                .Where(m =>
                    !m.Name.StartsWith("@odata.", StringComparison.Ordinal) || _format.Level == MetadataLevel.Minimal
                )
        )
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
            // A navigation property that is not contained is always complete and has no URL.
            foreach (
                var navigation in entity
                    .NavigationProperties()
                    .Where(n => n.ContainsTarget && !value.TryGetProperty(n.Name, out _))
            )
            {
                WriteLinks(navigation, url);
            }

            WriteOperations(entity, url!);
        }

        _json.WriteEndObject();
    }

    private void WriteMember(JsonProperty member, IEdmTypeReference? type)
    {
        if (
            _isFull
            && type is not null
            && member.Value.ValueKind != JsonValueKind.Null
            && TypeName(type) is { } name
            && !member.Name.StartsWith('@')
        )
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
                // Values that the model does not describe are written unchanged.
                value.WriteTo(_json);
                break;
        }
    }

    /// <summary>Returns the name of a type that a reader cannot infer from the value (§4.5.3).</summary>
    /// <returns>The name, or null if the reader can infer the type or the value contains it.</returns>
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
            // No other references can be read.
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
