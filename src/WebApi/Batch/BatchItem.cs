using System.Text.Json;

namespace IndustryData.WebApi.Batch;

/// <summary>One request of a batch, as read from the envelope.</summary>
internal sealed class BatchItem
{
    /// <summary>The id that the caller assigned to the request. Ids are case-insensitive.</summary>
    public string Id { get; set; } = "";

    /// <summary>The HTTP method, in uppercase.</summary>
    public string Method { get; set; } = "";

    /// <summary>The URL as sent: relative to the service root, or absolute.</summary>
    public string Url { get; set; } = "";

    /// <summary>The headers as sent. They are incomplete if they exceed a limit.</summary>
    public IHeaderDictionary Headers { get; } = new HeaderDictionary();

    /// <summary>
    /// True if the headers exceed the number or the length that is allowed for a separate request. Not all headers were
    /// read in this case.
    /// </summary>
    public bool AreHeadersTooLarge { get; set; }

    /// <summary>The body: JSON, or a base64 string; null if there is none.</summary>
    public JsonElement? Body { get; set; }

    /// <summary>The ids of the requests that must succeed before this request runs.</summary>
    public IReadOnlyList<string> DependsOn { get; set; } = [];
}
