namespace IndustryData.Domain.Runs;

/// <summary>An activity as somebody reported it, not judged yet: any member may be absent or wrong.</summary>
public sealed record ActivityDraft
{
    /// <summary>Where it stands in the body, for the paths of faults; empty when it is the body.</summary>
    public string Path { get; init; } = "";

    /// <summary>Which way it moves data.</summary>
    public ActivityType? Type { get; init; }

    /// <summary>What people call it.</summary>
    public string? DisplayName { get; init; }

    /// <summary>How it stands.</summary>
    public ActivityStatus? Status { get; init; }

    /// <summary>The error that stopped it.</summary>
    public PublicError? BlockingError { get; init; }

    /// <summary>The flow that it carried out.</summary>
    public ActivityFlow? Activity { get; init; }

    /// <summary>Estimates how many bytes of memory its JSON documents occupy.</summary>
    public long EstimateSize() => sizeof(char) * ((long)(BlockingError?.Json.Length ?? 0) + (Activity?.Json.Length ?? 0));

    /// <summary>Every rule that the activity breaks.</summary>
    public IEnumerable<Error> Validate()
    {
        if (Type is null)
        {
            yield return RunErrors.Required(ValidationErrors.AppendPath(Path, "@odata.type"), $"\"#{ActivityType.Inbound}\" or \"#{ActivityType.Outbound}\"");
        }

        if (Runs.DisplayName.Validate(DisplayName, ValidationErrors.AppendPath(Path, "displayName"), RunActivity.MaxDisplayNameLength) is { } fault)
        {
            yield return fault;
        }

        if (Status is null)
        {
            yield return RunErrors.Required(ValidationErrors.AppendPath(Path, "status"), $"one of {string.Join(", ", ActivityStatus.All)}");
        }
    }
}
