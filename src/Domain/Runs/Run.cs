namespace IndustryData.Domain.Runs;

/// <summary>One run of a data-ingestion job, as its reporter told it (Graph: <c>industryDataRun</c>).</summary>
public sealed class Run
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
    public DisplayName DisplayName { get; private init; }

    /// <summary>When it began: UTC, to the microsecond.</summary>
    public DateTimeOffset StartDateTime { get; private init; }

    /// <summary>When it ended: UTC, to the microsecond. Of a running run, when it is expected to end, or null.</summary>
    public DateTimeOffset? EndDateTime { get; private init; }

    /// <summary>How it stands.</summary>
    public RunStatus Status { get; private init; } = RunStatus.Running;

    /// <summary>What it counted.</summary>
    public RunStatistics Statistics { get; private init; } = RunStatistics.Empty;

    /// <summary>The error that stopped it, if one did.</summary>
    public PublicError? BlockingError { get; private init; }

    /// <summary>When the server took it in: UTC, to the microsecond.</summary>
    public DateTimeOffset CreatedDateTime { get; private init; }

    /// <summary>When the server last changed it: UTC, to the microsecond.</summary>
    public DateTimeOffset LastModifiedDateTime { get; private init; }

    /// <summary>1 for a new run, one more with every change: the run's ETag.</summary>
    public long Version { get; private init; }

    /// <summary>Makes a new run: the only way to make one.</summary>
    /// <param name="tenantId">Whose run it is.</param>
    /// <param name="draft">What its reporter told.</param>
    /// <param name="now">The server's clock.</param>
    /// <returns>The run, or an <see cref="ErrorKind.Invalid"/> error with every rule that the draft breaks.</returns>
    public static Result<Run> Add(TenantId tenantId, RunDraft draft, DateTimeOffset now)
    {
        var faults = new Faults();
        faults.Add(DisplayName.Fault(draft.DisplayName));
        faults.Add(RunRules.StartDateTime(draft));
        faults.Add(RunRules.EndDateTime(draft));
        faults.Add(RunRules.Status(draft));
        faults.Add(RunRules.Statistics(draft));
        faults.Add(RunRules.BlockingError(draft));
        if (faults.Count > 0)
        {
            return Error.Of(faults);
        }

        var created = Microseconds(now);
        return new Run
        {
            TenantId = tenantId,
            Id = RunId.New(now),
            DisplayName = new DisplayName(draft.DisplayName!),
            StartDateTime = Microseconds(draft.StartDateTime!.Value),
            EndDateTime = draft.EndDateTime is { } end ? Microseconds(end) : null,
            Status = draft.Status!,
            Statistics = draft.Statistics!,
            BlockingError = draft.BlockingError,
            CreatedDateTime = created,
            LastModifiedDateTime = created,
            Version = 1,
        };
    }

    // PostgreSQL keeps microseconds; .NET has tenths of one. Cut here, so that a run reads back as it was answered.
    private static DateTimeOffset Microseconds(DateTimeOffset instant)
    {
        var utc = instant.ToUniversalTime();
        return utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
