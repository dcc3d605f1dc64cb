using System.Buffers;
using System.Text.Json;
using IndustryData.Domain;
using IndustryData.WebApi.Http;
using Microsoft.Extensions.Primitives;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// Reads the envelope of a batch (Graph, <i>JSON batching</i>; OData JSON Format §19). The endpoints of the requests
/// validate the contents of the requests.
/// </summary>
internal static class BatchEnvelope
{
    /// <summary>The maximum number of requests in a batch. Microsoft Graph has the same limit.</summary>
    public const int MaxItems = 20;

    /// <summary>
    /// The maximum number of headers of a request. Kestrel has the same limit for a separate request.
    /// </summary>
    public const int MaxHeaders = 100;

    /// <summary>
    /// The maximum total length of the header names and values of a request, in characters. Kestrel has the same limit
    /// for a separate request.
    /// </summary>
    public const int MaxHeaderBytes = 32 * 1024;

    private const string Requests = "requests";

    private static readonly string[] _members = ["id", "method", "url", "headers", "body", "dependsOn"];
    private static readonly string[] _notOffered = ["atomicityGroup", "if"];

    // The characters of a token (RFC 9110 §5.6.2).
    private static readonly SearchValues<char> _token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    );

    /// <summary>
    /// Returns the path of the first unsupported feature of OData batches that the batch uses; null if there is none.
    /// </summary>
    public static string? NotOffered(JsonElement envelope)
    {
        if (Items(envelope) is not { ValueKind: JsonValueKind.Array } items)
        {
            return null;
        }

        var index = 0;
        foreach (var item in items.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Object)
            {
                foreach (var member in item.EnumerateObject())
                {
                    if (member.Value.ValueKind != JsonValueKind.Null && NameIn(_notOffered, member) is { } name)
                    {
                        return $"{Requests}/{index}/{name}";
                    }
                }
            }

            if (++index == MaxItems)
            {
                break;
            }
        }

        return null;
    }

    /// <summary>
    /// Returns the JSON errors of the envelope without the errors inside the bodies of the requests. Each of those is a
    /// separate body. Its errors are part of the response to that request only.
    /// </summary>
    public static ValidationErrors WithoutBodies(ValidationErrors faults) =>
        new(
            faults.Where(f =>
                f.Code != "tooDeep"
                && !(
                    f.Target!.Split('/') is [Requests, _, "body", .. var rest]
                    && (rest.Length > 0 || f.Code == "invalidCharacters")
                )
            )
        );

    /// <summary>Reads the requests and adds the validation errors of the envelope.</summary>
    /// <returns>The requests. They are complete only if no error was found.</returns>
    public static IReadOnlyList<BatchItem> Read(JsonElement envelope, ValidationErrors faults)
    {
        foreach (var member in envelope.EnumerateObject())
        {
            if (JsonElementExtensions.TryGetName(member) is { } name && name != Requests && !name.Contains('@'))
            {
                faults.Add(
                    ValidationErrors.Abbreviate(name),
                    "unknownProperty",
                    $"A batch has no property '{ValidationErrors.Abbreviate(name)}'; remove it. "
                        + $"It has only {Requests}."
                );
            }
        }

        if (Items(envelope) is not { } items)
        {
            faults.Add(Requests, "required", $"{Requests} is required: an array of 1 to {MaxItems} requests.");
        }
        else if (items.ValueKind != JsonValueKind.Array)
        {
            faults.Add(Requests, "notAnArray", $"{Requests} must be an array of 1 to {MaxItems} requests.");
        }
        else if (items.GetArrayLength() is var count && count is 0 or > MaxItems)
        {
            faults.Add(
                Requests,
                "invalidItemCount",
                $"{Requests} must hold 1 to {MaxItems} requests, not {count}; send more in further batches."
            );
        }
        else
        {
            var path = JsonPointer.Root(Requests);
            return [.. items.EnumerateArray().Select((item, index) => ReadItem(item, path.Item(index), faults))];
        }

        return [];
    }

    // TryGetProperty throws for names that are not valid Unicode.
    private static JsonElement? Items(JsonElement envelope)
    {
        foreach (var member in envelope.EnumerateObject())
        {
            if (JsonElementExtensions.TryGetName(member) == Requests)
            {
                return member.Value;
            }
        }

        return null;
    }

    private static BatchItem ReadItem(JsonElement item, JsonPointer path, ValidationErrors faults)
    {
        var read = new BatchItem();
        if (item.ValueKind != JsonValueKind.Object)
        {
            faults.Add(
                $"{path}",
                "notAnObject",
                $"{path} must be a JSON object, "
                    + "like {\"id\": \"1\", \"method\": \"GET\", \"url\": \"/process/runs\"}."
            );
            return read;
        }

        var (hasId, hasMethod, hasUrl) = (false, false, false);
        foreach (var member in item.EnumerateObject())
        {
            if ((NameIn(_members, member) ?? JsonElementExtensions.TryGetName(member)) is not { } name)
            {
                // The body reader has already reported names that are not valid Unicode.
                continue;
            }

            var at = path.Member(name);
            var isNull = member.Value.ValueKind == JsonValueKind.Null;
            switch (name)
            {
                case "id":
                    (read.Id, hasId) = (Text(member.Value, at, faults), true);
                    break;
                case "method":
                    (read.Method, hasMethod) = (Method(member.Value, at, faults), true);
                    break;
                case "url":
                    (read.Url, hasUrl) = (
                        member.Value.ValueKind == JsonValueKind.String
                            ? JsonElementExtensions.TryGetString(member.Value) ?? ""
                            : Text(member.Value, at, faults),
                        true
                    );
                    break;
                case "headers" when !isNull:
                    ReadHeaders(member.Value, at, read, faults);
                    break;
                case "body":
                    read.Body = isNull ? null : member.Value;
                    break;
                case "dependsOn":
                    read.DependsOn = isNull ? [] : DependsOn(member.Value, at, faults);
                    break;
                case var other when !_members.Contains(other) && !_notOffered.Contains(other) && !other.Contains('@'):
                    faults.Add(
                        $"{at}",
                        "unknownProperty",
                        $"A request of a batch has no property '{ValidationErrors.Abbreviate(name)}'; remove it. "
                            + "Known are id, method, url, headers, body and dependsOn."
                    );
                    break;
            }
        }

        ReadOnlySpan<(string, bool)> members = [("id", hasId), ("method", hasMethod), ("url", hasUrl)];
        foreach (var (name, isThere) in members)
        {
            if (!isThere)
            {
                faults.Add($"{path}/{name}", "required", $"{path}/{name} is required.");
            }
        }

        return read;
    }

    /// <summary>Returns the element of the list that equals the name of the member; null if there is none.</summary>
    private static string? NameIn(string[] names, JsonProperty member)
    {
        foreach (var name in names)
        {
            if (JsonElementExtensions.NameEqualsSafe(member, name))
            {
                return name;
            }
        }

        return null;
    }

    private static string Text(JsonElement value, JsonPointer path, ValidationErrors faults)
    {
        var text = JsonElementExtensions.TryGetString(value) ?? "";
        if (value.ValueKind != JsonValueKind.String || text.Length == 0)
        {
            faults.Add($"{path}", "notAString", $"{path} must be a text that is not empty.");
        }

        return text;
    }

    // The method is case-insensitive (OData JSON Format §19.2).
    private static string Method(JsonElement value, JsonPointer path, ValidationErrors faults)
    {
        var method = JsonElementExtensions.TryGetString(value) ?? "";
        if (method.Length is 0 or > 32 || !method.All(char.IsAsciiLetter))
        {
            faults.Add($"{path}", "notAMethod", $"{path} must be an HTTP method, like GET, POST, PATCH or DELETE.");
        }

        return method.ToUpperInvariant();
    }

    private static void ReadHeaders(JsonElement value, JsonPointer path, BatchItem item, ValidationErrors faults)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(
                $"{path}",
                "notAnObject",
                $"{path} must be an object of header names and texts, "
                    + "like {\"Content-Type\": \"application/json\"}."
            );
            return;
        }

        var (count, length) = (0, 0);
        foreach (var member in value.EnumerateObject())
        {
            if (JsonElementExtensions.TryGetName(member) is not { } name)
            {
                continue;
            }

            var at = path.Member(name);
            if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(_token))
            {
                faults.Add($"{at}", "notAHeader", $"{at} is not the name of an HTTP header.");
            }
            else if (JsonElementExtensions.TryGetString(member.Value) is not { } text || text.Any(char.IsControl))
            {
                faults.Add($"{at}", "notAHeader", $"{at} must be a text without control characters.");
            }
            else
            {
                (count, length) = (count + 1, length + name.Length + text.Length);
                if (count > MaxHeaders || length > MaxHeaderBytes)
                {
                    item.AreHeadersTooLarge = true;
                    return;
                }

                item.Headers[name] = StringValues.Concat(item.Headers[name], text.Trim());
            }
        }
    }

    private static List<string> DependsOn(JsonElement value, JsonPointer path, ValidationErrors faults)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            faults.Add($"{path}", "notAnArray", $"{path} must be an array of ids of this batch.");
            return [];
        }

        if (value.GetArrayLength() > MaxItems)
        {
            faults.Add($"{path}", "invalidItemCount", $"{path} names more ids than a batch can hold; name each once.");
            return [];
        }

        return [.. value.EnumerateArray().Select((id, index) => Text(id, path.Item(index), faults))];
    }
}
