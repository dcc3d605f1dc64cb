using System.Text.Json;

namespace IndustryData.WebApi.Batch;

/// <summary>One request of a batch, as its envelope tells it.</summary>
internal sealed class BatchItem
{
    /// <summary>The caller's name for it; names count in any case.</summary>
    public string Id { get; set; } = "";

    /// <summary>The HTTP method, in capitals.</summary>
    public string Method { get; set; } = "";

    /// <summary>As sent: relative to the service root, or absolute.</summary>
    public string Url { get; set; } = "";

    /// <summary>As sent, unless there are too many.</summary>
    public IHeaderDictionary Headers { get; } = new HeaderDictionary();

    /// <summary>
    /// There are more headers, or longer ones, than a request of its own may have. Not all of them were read.
    /// </summary>
    public bool AreHeadersTooLarge { get; set; }

    /// <summary>JSON, or a string of base64; null when there is none.</summary>
    public JsonElement? Body { get; set; }

    /// <summary>The requests that must have succeeded before.</summary>
    public IReadOnlyList<string> DependsOn { get; set; } = [];
}
