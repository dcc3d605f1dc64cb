using System.Text.Json;
using System.Text.RegularExpressions;

namespace IndustryData.WebApi.FunctionalTests.OpenApi;

/// <summary>
/// Validates JSON against the schemas of the OpenAPI document. It supports the part of JSON Schema that the document
/// uses. A member that a schema does not declare is a fault, unless the type is open.
/// </summary>
internal sealed class SchemaCheck(JsonElement document)
{
    /// <summary>Returns the target of a reference. Any other element is returned as it is.</summary>
    public JsonElement Follow(JsonElement element)
    {
        while (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$ref", out var reference))
        {
            element = reference.GetString()!.Split('/').Skip(1).Aggregate(document, (at, name) => at.GetProperty(name));
        }

        return element;
    }

    /// <summary>Returns all violations of the schema in a value.</summary>
    public IEnumerable<string> Faults(JsonElement value, JsonElement schema, string path = "")
    {
        schema = Follow(schema);
        if (schema.TryGetProperty("anyOf", out var choices))
        {
            var faults = choices.EnumerateArray().Select(c => Faults(value, c, path).ToList()).ToList();
            return faults.Any(f => f.Count == 0) ? [] : faults.MinBy(f => f.Count)!;
        }

        if (schema.TryGetProperty("type", out var type) && !IsOf(value, type))
        {
            return [$"{path} is {value.ValueKind}, not {type}"];
        }

        if (
            schema.TryGetProperty("enum", out var names)
            && !names.EnumerateArray().Any(n => n.ValueEquals(value.GetString()))
        )
        {
            return [$"{path} is {value}, none of {names}"];
        }

        return value.ValueKind switch
        {
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) => value
                .EnumerateArray()
                .SelectMany((item, i) => Faults(item, items, $"{path}/{i}")),
            JsonValueKind.Object => MemberFaults(value, schema, path),
            _ => [],
        };
    }

    private static bool IsOf(JsonElement value, JsonElement type)
    {
        var name = value.ValueKind switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            var kind => kind.ToString().ToLowerInvariant(),
        };
        return type.ValueKind == JsonValueKind.Array
            ? type.EnumerateArray().Any(t => t.ValueEquals(name))
            : type.ValueEquals(name);
    }

    private IEnumerable<string> MemberFaults(JsonElement value, JsonElement schema, string path)
    {
        var required = schema.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(n => n.GetString()!).ToList()
            : [];
        foreach (var name in required.Where(n => !value.TryGetProperty(n, out _)))
        {
            yield return $"{path}/{name} is missing";
        }

        if (!schema.TryGetProperty("properties", out var properties))
        {
            yield break;
        }

        foreach (var member in value.EnumerateObject())
        {
            if (properties.TryGetProperty(member.Name, out var property))
            {
                foreach (var fault in Faults(member.Value, property, $"{path}/{member.Name}"))
                {
                    yield return fault;
                }
            }
            else if (!IsOpenFor(schema, member.Name))
            {
                yield return $"{path}/{member.Name} is not declared";
            }
        }
    }

    private static bool IsOpenFor(JsonElement schema, string name) =>
        (schema.TryGetProperty("additionalProperties", out var others) && others.ValueKind == JsonValueKind.Object)
        || (
            schema.TryGetProperty("patternProperties", out var patterns)
            && patterns.EnumerateObject().Any(p => Regex.IsMatch(name, p.Name))
        );
}
