namespace IndustryData.Domain.Runs;

/// <summary>One run of a data-ingestion job, as its reporter told it (Graph: <c>industryDataRun</c>). What may change of it: RunChanges.cs.</summary>
public sealed partial class Run
{
    // For the store, which fills the properties.
    private Run()
    {
    }

    /// <summary>Whose run it is.</summary>
    public TenantId TenantId { get; private init; }

    /// <summary>Which run it is.</summary>
    public RunId Id { get; private init; }

    /// <summary>What people call it.</summary>
    public DisplayName DisplayName { get; private set; }

    /// <summary>When it began: UTC, to the microsecond.</summary>
    public DateTimeOffset StartDateTime { get; private set; }

    /// <summary>When it ended: UTC, to the microsecond. Of a running run, when it is expected to end, or null.</summary>
    public DateTimeOffset? EndDateTime { get; private set; }

    /// <summary>How it stands.</summary>
    public RunStatus Status { get; private set; } = RunStatus.Running;

    /// <summary>What it counted.</summary>
    public RunStatistics Statistics { get; private set; } = RunStatistics.Empty;

    /// <summary>The error that stopped it, if one did.</summary>
    public PublicError? BlockingError { get; private set; }

    /// <summary>When the server took it in: UTC, to the microsecond.</summary>
    public DateTimeOffset CreatedDateTime { get; private init; }

    /// <summary>When the server last changed it: UTC, to the microsecond.</summary>
    public DateTimeOffset LastModifiedDateTime { get; private set; }

    /// <summary>1 for a new run, one more with every change: the run's ETag.</summary>
    public long Version { get; private set; }

    /// <summary>What a new run carried out. Of a run that was read from the store, its activities stay there.</summary>
    public IReadOnlyList<RunActivity> Activities { get; private init; } = [];

    /// <summary>Makes a new run: the only way to make one.</summary>
    /// <param name="tenantId">Whose run it is.</param>
    /// <param name="draft">What its reporter told.</param>
    /// <param name="now">The server's clock.</param>
    /// <returns>The run, or an <see cref="ErrorKind.Validation"/> error with every rule that the draft breaks.</returns>
    public static Result<Run> Create(TenantId tenantId, RunDraft draft, DateTimeOffset now)
    {
        var faults = RunRules.Validate(draft);
        if (faults.Count > 0)
        {
            return Error.Aggregate(faults);
        }

        var created = Microseconds(now);
        var id = RunId.New(now);
        return new Run
        {
            TenantId = tenantId,
            Id = id,
            DisplayName = new DisplayName(draft.DisplayName!),
            StartDateTime = Microseconds(draft.StartDateTime!.Value),
            EndDateTime = draft.EndDateTime is { } end ? Microseconds(end) : null,
            Status = draft.Status!,
            Statistics = draft.Statistics!,
            BlockingError = draft.BlockingError,
            CreatedDateTime = created,
            LastModifiedDateTime = created,
            Version = 1,
            Activities = [.. draft.Activities.Select((a, i) => RunActivity.Create(tenantId, id, i, a))],
        };
    }

    // PostgreSQL keeps microseconds; .NET has tenths of one. Cut here, so that a run reads back as it was answered.
    private static DateTimeOffset Microseconds(DateTimeOffset instant)
    {
        var utc = instant.ToUniversalTime();
        return utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
