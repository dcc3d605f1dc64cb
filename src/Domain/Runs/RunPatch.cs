namespace IndustryData.Domain.Runs;

/// <summary>What somebody tells anew of a run. What is not sent stays as it is.</summary>
/// <param name="Values">The values that were sent.</param>
/// <param name="PresentProperties">The names of the members that were sent, be it as null.</param>
public sealed record RunPatch(RunDraft Values, IReadOnlySet<string> PresentProperties)
{
    /// <summary>Whether all of these members were sent, be it as null.</summary>
    public bool Contains(params IReadOnlyList<string> members) => members.All(PresentProperties.Contains);

    /// <summary>The run as it would be. Statistics and error are replaced whole.</summary>
    internal RunDraft ApplyTo(Run run) => new()
    {
        DisplayName = Contains("displayName") ? Values.DisplayName : run.DisplayName.Value,
        StartDateTime = Contains("startDateTime") ? Values.StartDateTime : run.StartDateTime,
        EndDateTime = Contains("endDateTime") ? Values.EndDateTime : run.EndDateTime,
        Status = Contains("status") ? Values.Status : run.Status,
        Statistics = Contains("statistics") ? Values.Statistics : run.Statistics,
        BlockingError = Contains("blockingError") ? Values.BlockingError : run.BlockingError,
    };
}
