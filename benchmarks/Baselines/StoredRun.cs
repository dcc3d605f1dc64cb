using System.Text.Json;

namespace IndustryData.Benchmarks.Baselines;

/// <summary>A run as an item of a list.</summary>
public class ListedRun
{
    public Guid TenantId { get; set; }

    public Guid Id { get; set; }

    public string DisplayName { get; set; } = "";

    public DateTimeOffset StartDateTime { get; set; }

    public DateTimeOffset? EndDateTime { get; set; }

    public ReportedStatus Status { get; set; }

    public PublicError? BlockingError { get; set; }

    public DateTimeOffset CreatedDateTime { get; set; }

    public DateTimeOffset LastModifiedDateTime { get; set; }

    public long Version { get; set; }
}

/// <summary>A run with all its columns.</summary>
public sealed class StoredRun : ListedRun
{
    public string Statistics { get; set; } = "";

    public long? InboundErrors { get; set; }

    public long? InboundGroups { get; set; }

    public long? InboundMemberships { get; set; }

    public long? InboundOrganizations { get; set; }

    public long? InboundPeople { get; set; }

    public long? InboundWarnings { get; set; }
}

/// <summary>The error that stopped a run.</summary>
public sealed class PublicError
{
    public string? Code { get; set; }

    public string? Message { get; set; }

    public string? Target { get; set; }
}

/// <summary>The status of a run, with the number that it has in the model of Microsoft Graph.</summary>
public enum ReportedStatus : short
{
    Running = 0,
    Failed = 1,
    Completed = 2,
    CompletedWithErrors = 3,
    CompletedWithWarnings = 4,
}

/// <summary>A run in a request body.</summary>
public sealed record ReportedRun(
    string DisplayName,
    DateTimeOffset StartDateTime,
    DateTimeOffset? EndDateTime,
    ReportedStatus Status,
    JsonElement Statistics
)
{
    /// <summary>Converts the run to the stored form.</summary>
    public StoredRun ToStored(Guid tenant, DateTimeOffset now)
    {
        var totals = Statistics.GetProperty("inboundTotals");
        return new StoredRun
        {
            TenantId = tenant,
            Id = Guid.CreateVersion7(now),
            DisplayName = DisplayName,
            StartDateTime = StartDateTime.ToUniversalTime(),
            EndDateTime = EndDateTime?.ToUniversalTime(),
            Status = Status,
            CreatedDateTime = now,
            LastModifiedDateTime = now,
            Version = 1,
            Statistics = Statistics.GetRawText(),
            InboundErrors = totals.GetProperty("errors").GetInt64(),
            InboundGroups = totals.GetProperty("groups").GetInt64(),
            InboundMemberships = totals.GetProperty("memberships").GetInt64(),
            InboundOrganizations = totals.GetProperty("organizations").GetInt64(),
            InboundPeople = totals.GetProperty("people").GetInt64(),
            InboundWarnings = totals.GetProperty("warnings").GetInt64(),
        };
    }
}
