using System.Collections.Frozen;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.OData;

/// <summary>The properties of a run. The id is not included because every response contains it.</summary>
[Flags]
internal enum RunProperties
{
    None = 0,
    DisplayName = 1,
    StartDateTime = 1 << 1,
    EndDateTime = 1 << 2,
    Status = 1 << 3,
    Statistics = 1 << 4,
    BlockingError = 1 << 5,
    CreatedDateTime = 1 << 6,
    LastModifiedDateTime = 1 << 7,
    All = ~None,
}

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

/// <summary>A property of a run, or a property below one, and what requests may do with it.</summary>
/// <param name="Path">The name, or the path below the run, as in requests.</param>
/// <param name="Kind">The type.</param>
/// <param name="Field">The field that filters and orders use; null if no filter may name the property.</param>
internal sealed record RunProperty(string Path, RunValueKind Kind, RunField? Field = null)
{
    /// <summary>The flag in a projection. The id and the properties below others have none.</summary>
    public RunProperties Flag { get; init; }

    /// <summary>True if <c>$orderby</c> may name the property.</summary>
    public bool IsSortable { get; init; }

    /// <summary>True if the value may be null.</summary>
    public bool IsNullable { get; init; }

    /// <summary>True if the server sets the value and ignores it in requests.</summary>
    public bool IsComputed { get; init; }

    /// <summary>True if a new run must have the property.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The maximum length of a text in UTF-16 code units; null if there is no limit of its own.</summary>
    public int? MaxLength { get; init; }

    /// <summary>The meaning, as Markdown. Properties below others have none here.</summary>
    public string? Description { get; init; }

    /// <summary>True for a property of the run itself, false for a property below one.</summary>
    public bool IsOwn => !Path.Contains('/', StringComparison.Ordinal);
}

/// <summary>
/// The properties of a run. The model, <c>$filter</c>, <c>$orderby</c>, <c>$select</c>, the annotations and the OpenAPI
/// document are derived from this table, in its order.
/// </summary>
internal static class RunPropertyTable
{
    /// <summary>All properties, including those below others that a filter may name.</summary>
    public static readonly IReadOnlyList<RunProperty> All =
    [
        new("id", RunValueKind.Text, RunField.Id)
        {
            IsSortable = true,
            IsComputed = true,
            Description = "A UUIDv7 that the server makes.",
        },
        new("displayName", RunValueKind.Text, RunField.DisplayName)
        {
            Flag = RunProperties.DisplayName,
            IsSortable = true,
            IsRequired = true,
            MaxLength = DisplayName.MaxLength,
            Description = "What people call the run. Kept exactly as sent; not only white space.",
        },
        new("startDateTime", RunValueKind.Instant, RunField.StartDateTime)
        {
            Flag = RunProperties.StartDateTime,
            IsSortable = true,
            IsRequired = true,
            Description = "When it began: ISO 8601 with an offset. Read back in UTC, to the microsecond.",
        },
        new("endDateTime", RunValueKind.Instant, RunField.EndDateTime)
        {
            Flag = RunProperties.EndDateTime,
            IsSortable = true,
            IsNullable = true,
            Description =
                "When it ended, not before its start. "
                + "Only a running run may be without; there it is the expected end.",
        },
        new("status", RunValueKind.Status, RunField.Status)
        {
            Flag = RunProperties.Status,
            IsSortable = true,
            IsRequired = true,
            Description = "`running` is open, the others are final.",
        },
        new("statistics", RunValueKind.Statistics)
        {
            Flag = RunProperties.Statistics,
            IsRequired = true,
            Description =
                "What the run counted. "
                + $"At most {RunStatistics.MaxBytes >> 10} KiB and {RunStatistics.MaxLevels} levels; "
                + $"counts are whole numbers up to {RunStatistics.LargestCount}. "
                + "Members that are not declared are kept as sent.",
        },
        new("blockingError", RunValueKind.Error, RunField.BlockingError)
        {
            Flag = RunProperties.BlockingError,
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
            Flag = RunProperties.CreatedDateTime,
            IsSortable = true,
            IsComputed = true,
            Description = "When the server stored it.",
        },
        new("lastModifiedDateTime", RunValueKind.Instant, RunField.LastModifiedDateTime)
        {
            Flag = RunProperties.LastModifiedDateTime,
            IsSortable = true,
            IsComputed = true,
            Description = "When the server changed it last.",
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
    public static readonly IReadOnlyList<RunProperty> Own = [.. All.Where(p => p.IsOwn)];

    /// <summary>The properties that a filter may name.</summary>
    public static readonly IReadOnlyList<RunProperty> Filterable = [.. All.Where(p => p.Field is not null)];

    /// <summary>The properties that an order may name.</summary>
    public static readonly IReadOnlyList<RunProperty> Sortable = [.. All.Where(p => p.IsSortable)];

    /// <summary>The properties that the server sets and ignores in requests.</summary>
    public static readonly IReadOnlyList<RunProperty> Computed = [.. All.Where(p => p.IsComputed)];

    /// <summary>Returns the property at a path; null if the table has none.</summary>
    public static RunProperty? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>Returns the property of a field.</summary>
    public static RunProperty Of(RunField field) => _byField[field];
}
