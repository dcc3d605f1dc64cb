using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.OData;

/// <summary>The type of a property in the model. It also determines which literals a filter takes.</summary>
internal enum RunValueKind
{
    /// <summary>A text, or an id, which compares as a text.</summary>
    Text,

    /// <summary>An instant.</summary>
    Instant,

    /// <summary>A status.</summary>
    Status,

    /// <summary>A whole number.</summary>
    Count,

    /// <summary>A <c>publicError</c>. A filter compares it only with null.</summary>
    Error,

    /// <summary>The statistics. A filter compares only the numbers below them.</summary>
    Statistics,
}

/// <summary>Writes a property of a run.</summary>
internal delegate void RunPropertyWriter(Utf8JsonWriter json, JsonEncodedText name, RunListItem run);

/// <summary>A property of a run, or a property below one, and what requests may do with it.</summary>
/// <param name="Path">The name, or the path below the run, as in requests.</param>
/// <param name="Kind">The type.</param>
/// <param name="Field">The field that filters and orders use; null if no filter may name the property.</param>
internal sealed record RunProperty(string Path, RunValueKind Kind, RunField? Field = null)
{
    /// <summary>Writes the property. Properties below others are written with them.</summary>
    public RunPropertyWriter? Write { get; init; }

    /// <summary>
    /// Sets the value that a request sends: a text, a <see cref="DateTimeOffset"/>, a <see cref="RunStatus"/>,
    /// <see cref="RunStatistics"/> or a <see cref="PublicError"/>, as the type says, or null. The server sets the
    /// properties of the run itself that have no such function, and ignores them in requests.
    /// </summary>
    public Func<RunDraft, object?, RunDraft>? Assign { get; init; }

    /// <summary>The property of a partial update.</summary>
    public RunPatchProperties Patch { get; init; }

    /// <summary>True if <c>$orderby</c> may name the property.</summary>
    public bool IsSortable { get; init; }

    /// <summary>True if the value may be null.</summary>
    public bool IsNullable { get; init; }

    /// <summary>True if the server sets the value and ignores it in requests.</summary>
    public bool IsComputed => IsOwn && Assign is null;

    /// <summary>True if a new run must have the property.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The maximum length of a text in UTF-16 code units; null if there is no limit of its own.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The meaning, as Markdown. Properties below others have none here.</summary>
    public string? Description { get; init; }

    /// <summary>True for a property of the run itself, false for a property below one.</summary>
    public bool IsOwn { get; } = !Path.Contains('/', StringComparison.Ordinal);

    /// <summary>The encoded name of a property of the run itself.</summary>
    public JsonEncodedText Name { get; } = JsonEncodedText.Encode(Path);
}

/// <summary>
/// The properties of a run. The model, <c>$filter</c>, <c>$orderby</c>, <c>$select</c>, the annotations and the OpenAPI
/// document are derived from this table, in its order. Its rows also read a property from JSON and write it.
/// </summary>
internal static class RunPropertyTable
{
    /// <summary>All properties, including those below others that a filter may name.</summary>
    public static readonly IReadOnlyList<RunProperty> All =
    [
        new("id", RunValueKind.Text, RunField.Id)
        {
            Write = static (json, name, run) => json.WriteString(name, run.Id),
            IsSortable = true,
            Description = "The id: a UUIDv7 that the server creates.",
        },
        new("displayName", RunValueKind.Text, RunField.DisplayName)
        {
            Write = static (json, name, run) => json.WriteString(name, run.DisplayName),
            Assign = static (draft, value) => draft with { DisplayName = (string?)value },
            Patch = RunPatchProperties.DisplayName,
            IsSortable = true,
            IsRequired = true,
            MaxLength = DisplayName.MaxLength,
            Description = "The display name, stored exactly as sent. It must contain more than white space.",
        },
        new("startDateTime", RunValueKind.Instant, RunField.StartDateTime)
        {
            Write = static (json, name, run) => json.WriteString(name, run.StartDateTime.UtcDateTime),
            Assign = static (draft, value) => draft with { StartDateTime = (DateTimeOffset?)value },
            Patch = RunPatchProperties.StartDateTime,
            IsSortable = true,
            IsRequired = true,
            Description = "The start time in ISO 8601 with an offset. Responses have it in UTC, with microseconds.",
        },
        new("endDateTime", RunValueKind.Instant, RunField.EndDateTime)
        {
            Write = static (json, name, run) => json.WriteOrNull(name, run.EndDateTime),
            Assign = static (draft, value) => draft with { EndDateTime = (DateTimeOffset?)value },
            Patch = RunPatchProperties.EndDateTime,
            IsSortable = true,
            IsNullable = true,
            Description =
                "The end time, not before the start time. "
                + "Only a running run may omit it; there it is the expected end time.",
        },
        new("status", RunValueKind.Status, RunField.Status)
        {
            Write = static (json, name, run) => json.WriteString(name, run.Status),
            Assign = static (draft, value) => draft with { Status = (RunStatus?)value },
            Patch = RunPatchProperties.Status,
            IsSortable = true,
            IsRequired = true,
            Description = "The status. `running` can change; the others are final.",
        },
        new("statistics", RunValueKind.Statistics)
        {
            Write = static (json, name, run) => json.WriteRawOrNull(name, run.Statistics),
            Assign = static (draft, value) => draft with { Statistics = (RunStatistics?)value },
            Patch = RunPatchProperties.Statistics,
            IsRequired = true,
            Description =
                "The statistics of the run. "
                + $"At most {RunStatistics.MaxBytes >> 10} KiB and {RunStatistics.MaxLevels} levels; "
                + $"counts are whole numbers up to {RunStatistics.LargestCount}. "
                + "Undeclared members are stored as sent.",
        },
        new("blockingError", RunValueKind.Error, RunField.BlockingError)
        {
            Write = static (json, name, run) => json.WriteRawOrNull(name, run.BlockingError),
            Assign = static (draft, value) => draft with { BlockingError = (PublicError?)value },
            Patch = RunPatchProperties.BlockingError,
            IsNullable = true,
            Description =
                "The error that stopped the run; "
                + $"only with {string.Join(", ", RunStatus.All.Where(s => s.AllowsBlockingError))}.",
        },
        new("blockingError/code", RunValueKind.Text, RunField.BlockingErrorCode) { IsNullable = true },
        new("blockingError/message", RunValueKind.Text, RunField.BlockingErrorMessage) { IsNullable = true },
        new("blockingError/target", RunValueKind.Text, RunField.BlockingErrorTarget) { IsNullable = true },
        new("createdDateTime", RunValueKind.Instant, RunField.CreatedDateTime)
        {
            Write = static (json, name, run) => json.WriteString(name, run.CreatedDateTime.UtcDateTime),
            IsSortable = true,
            Description = "The time at which the server added the run.",
        },
        new("lastModifiedDateTime", RunValueKind.Instant, RunField.LastModifiedDateTime)
        {
            Write = static (json, name, run) => json.WriteString(name, run.LastModifiedDateTime.UtcDateTime),
            IsSortable = true,
            Description = "The time of the last change on the server.",
        },
        new("statistics/inboundTotals/errors", RunValueKind.Count, RunField.Errors) { IsNullable = true },
        new("statistics/inboundTotals/warnings", RunValueKind.Count, RunField.Warnings) { IsNullable = true },
        new("statistics/inboundTotals/groups", RunValueKind.Count, RunField.Groups) { IsNullable = true },
        new("statistics/inboundTotals/memberships", RunValueKind.Count, RunField.Memberships) { IsNullable = true },
        new("statistics/inboundTotals/organizations", RunValueKind.Count, RunField.Organizations) { IsNullable = true },
        new("statistics/inboundTotals/people", RunValueKind.Count, RunField.People) { IsNullable = true },
    ];

    private static readonly FrozenDictionary<string, RunProperty> _byPath = All.ToFrozenDictionary(p => p.Path);

    private static readonly FrozenDictionary<RunField, RunProperty> _byField = All.Where(p => p.Field is not null)
        .ToFrozenDictionary(p => p.Field!.Value);

    /// <summary>The properties of the run itself. A response can have each of them.</summary>
    public static readonly ImmutableArray<RunProperty> Own = [.. All.Where(p => p.IsOwn)];

    /// <summary>The statistics. Lists read them only if a response contains them, because they may be large.</summary>
    public static readonly RunProperty Statistics = _byPath["statistics"];

    /// <summary>The error that stopped a run. Lists read it only if a response contains it.</summary>
    public static readonly RunProperty BlockingError = _byPath["blockingError"];

    /// <summary>The properties that a filter may name.</summary>
    public static readonly IReadOnlyList<RunProperty> Filterable = [.. All.Where(p => p.Field is not null)];

    /// <summary>The properties that an order may name.</summary>
    public static readonly IReadOnlyList<RunProperty> Sortable = [.. All.Where(p => p.IsSortable)];

    /// <summary>The properties that the server sets and ignores in requests.</summary>
    public static readonly IReadOnlyList<RunProperty> Computed = [.. All.Where(p => p.IsComputed)];

    /// <summary>Returns the property of the run itself with this name; null if it has none.</summary>
    public static RunProperty? FindOwn(string name) =>
        _byPath.GetValueOrDefault(name) is { IsOwn: true } property ? property : null;

    /// <summary>Returns the property at a path; null if the table has none.</summary>
    public static RunProperty? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>Returns the property of a field.</summary>
    public static RunProperty Of(RunField field) => _byField[field];
}
