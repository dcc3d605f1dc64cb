using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace IndustryData.WebApi.Batch;

/// <summary>One request of a batch, as its envelope tells it.</summary>
/// <param name="Id">The caller's name for it; names count in any case.</param>
/// <param name="Method">The HTTP method, in capitals.</param>
/// <param name="Url">As sent: relative to the service root, or absolute.</param>
/// <param name="Headers">As sent.</param>
/// <param name="Body">JSON, or a string of base64; null when there is none.</param>
/// <param name="DependsOn">The requests that must have succeeded before.</param>
internal sealed record BatchItem(
    string Id,
    string Method,
    string Url,
    IReadOnlyDictionary<string, StringValues> Headers,
    JsonElement? Body,
    IReadOnlyList<string> DependsOn);
