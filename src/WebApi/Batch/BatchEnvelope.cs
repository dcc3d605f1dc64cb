using System.Globalization;
using System.Text.Json;
using IndustryData.Domain;
using IndustryData.Domain.Json;
using Microsoft.Extensions.Primitives;

namespace IndustryData.WebApi.Batch;

/// <summary>Reads the form of a batch (Graph, <i>JSON batching</i>; OData JSON Format §19). What the requests in it say is for their own routes to judge.</summary>
internal static class BatchEnvelope
{
    /// <summary>The most requests in a batch: Graph's limit.</summary>
    public const int MaxItems = 20;

    private const string Requests = "requests";

    private static readonly string[] _notOffered = ["atomicityGroup", "if"];

    /// <summary>The path of the first feature of OData's batches that the batch uses and that is not offered; null when there is none.</summary>
    public static string? NotOffered(JsonElement envelope)
    {
        if (Items(envelope) is not { ValueKind: JsonValueKind.Array } items)
        {
            return null;
        }

        var paths =
            from item in items.EnumerateArray().Take(MaxItems).Index()
            where item.Item.ValueKind == JsonValueKind.Object
            from member in item.Item.EnumerateObject()
            where _notOffered.Any(name => JsonText.IsNamed(member, name)) && member.Value.ValueKind != JsonValueKind.Null
            select $"{Requests}/{item.Index}/{member.Name}";
        return paths.FirstOrDefault();
    }

    /// <summary>
    /// What is wrong with the envelope as JSON, without what is wrong inside the bodies of the requests: each of those is a body of its own,
    /// whose faults are the answer to that request alone.
    /// </summary>
    public static Faults WithoutBodies(Faults faults) =>
        new(faults.Where(f => f.Code != "tooDeep" && !(f.Target!.Split('/') is [Requests, _, "body", .. var rest] && (rest.Length > 0 || f.Code == "unstorableText"))));

    /// <summary>Reads the requests and adds what is wrong with their form.</summary>
    /// <returns>The requests, whole only when no fault was found.</returns>
    public static IReadOnlyList<BatchItem> Read(JsonElement envelope, Faults faults)
    {
        foreach (var member in envelope.EnumerateObject())
        {
            if (JsonText.Name(member) is { } name && name != Requests && !name.Contains('@'))
            {
                faults.Add(Faults.Shown(name), "unknownProperty", $"A batch has no property '{Faults.Shown(name)}'; remove it. It has only {Requests}.");
            }
        }

        if (Items(envelope) is not { } items)
        {
            faults.Add(Requests, "missing", $"{Requests} is required: an array of 1 to {MaxItems} requests.");
        }
        else if (items.ValueKind != JsonValueKind.Array)
        {
            faults.Add(Requests, "notAnArray", $"{Requests} must be an array of 1 to {MaxItems} requests.");
        }
        else if (items.GetArrayLength() is var count && count is 0 or > MaxItems)
        {
            faults.Add(Requests, "wrongNumber", $"{Requests} must hold 1 to {MaxItems} requests, not {count}; send more in further batches.");
        }
        else
        {
            return [.. items.EnumerateArray().Select((item, index) => ReadItem(item, $"{Requests}/{index}", faults))];
        }

        return [];
    }

    // TryGetProperty throws at names that are no Unicode text.
    private static JsonElement? Items(JsonElement envelope)
    {
        foreach (var member in envelope.EnumerateObject())
        {
            if (JsonText.Name(member) == Requests)
            {
                return member.Value;
            }
        }

        return null;
    }

    private static BatchItem ReadItem(JsonElement item, string path, Faults faults)
    {
        var read = new BatchItem("", "", "", new Dictionary<string, StringValues>(), null, []);
        if (item.ValueKind != JsonValueKind.Object)
        {
            faults.Add(path, "notAnObject", $"{path} must be a JSON object, like {{\"id\": \"1\", \"method\": \"GET\", \"url\": \"/process/runs\"}}.");
            return read;
        }

        var missing = new List<string> { "id", "method", "url" };
        foreach (var member in item.EnumerateObject())
        {
            if (JsonText.Name(member) is not { } name)
            {
                // A name that is no text has been reported where the body was scanned.
                continue;
            }

            missing.Remove(name);
            var at = Faults.Path(path, name);
            var isNull = member.Value.ValueKind == JsonValueKind.Null;
            switch (name)
            {
                case "id":
                    read = read with { Id = Text(member.Value, at, faults) };
                    break;
                case "method":
                    read = read with { Method = Method(member.Value, at, faults) };
                    break;
                case "url":
                    read = read with { Url = member.Value.ValueKind == JsonValueKind.String ? JsonText.Value(member.Value) ?? "" : Text(member.Value, at, faults) };
                    break;
                case "headers":
                    read = read with { Headers = isNull ? read.Headers : Headers(member.Value, at, faults) };
                    break;
                case "body":
                    read = read with { Body = isNull ? null : member.Value };
                    break;
                case "dependsOn":
                    read = read with { DependsOn = isNull ? [] : DependsOn(member.Value, at, faults) };
                    break;
                case var annotation when annotation.Contains('@') || _notOffered.Contains(annotation):
                    break;
                default:
                    faults.Add(at, "unknownProperty", $"A request of a batch has no property '{Faults.Shown(name)}'; remove it. Known are id, method, url, headers, body and dependsOn.");
                    break;
            }
        }

        foreach (var name in missing)
        {
            faults.Add($"{path}/{name}", "missing", $"{path}/{name} is required.");
        }

        return read;
    }

    private static string Text(JsonElement value, string path, Faults faults)
    {
        var text = JsonText.Value(value) ?? "";
        if (value.ValueKind != JsonValueKind.String || text.Length == 0)
        {
            faults.Add(path, "notAText", $"{path} must be a text that is not empty.");
        }

        return text;
    }

    // In any case (OData JSON Format §19.2).
    private static string Method(JsonElement value, string path, Faults faults)
    {
        var method = JsonText.Value(value) ?? "";
        if (method.Length is 0 or > 32 || !method.All(char.IsAsciiLetter))
        {
            faults.Add(path, "notAMethod", $"{path} must be an HTTP method, like GET, POST, PATCH or DELETE.");
        }

        return method.ToUpperInvariant();
    }

    private static Dictionary<string, StringValues> Headers(JsonElement value, string path, Faults faults)
    {
        var headers = new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase);
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(path, "notAnObject", $"{path} must be an object of header names and texts, like {{\"Content-Type\": \"application/json\"}}.");
            return headers;
        }

        foreach (var member in value.EnumerateObject())
        {
            if (JsonText.Name(member) is not { } name)
            {
                continue;
            }

            var at = Faults.Path(path, name);
            if (!IsToken(name))
            {
                faults.Add(at, "notAHeader", $"{at} is not the name of an HTTP header.");
            }
            else if (JsonText.Value(member.Value) is not { } text || text.Any(char.IsControl))
            {
                faults.Add(at, "notAHeader", $"{at} must be a text without control characters.");
            }
            else
            {
                headers[name] = StringValues.Concat(headers.GetValueOrDefault(name), text.Trim());
            }
        }

        return headers;
    }

    // RFC 9110 §5.6.2.
    private static bool IsToken(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c));

    private static List<string> DependsOn(JsonElement value, string path, Faults faults)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            faults.Add(path, "notAnArray", $"{path} must be an array of ids of this batch.");
            return [];
        }

        if (value.GetArrayLength() > MaxItems)
        {
            faults.Add(path, "wrongNumber", $"{path} names more ids than a batch can hold; name each once.");
            return [];
        }

        return [.. value.EnumerateArray().Select((id, index) => Text(id, $"{path}/{index.ToString(CultureInfo.InvariantCulture)}", faults))];
    }
}
