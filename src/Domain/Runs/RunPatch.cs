namespace IndustryData.Domain.Runs;

/// <summary>A partial update of a run. Members that are not sent keep their values.</summary>
/// <param name="Values">The values that were sent.</param>
/// <param name="PresentProperties">The names of the members that were sent, including those sent as null.</param>
public sealed record RunPatch(RunDraft Values, IReadOnlySet<string> PresentProperties)
{
    /// <summary>Checks for the presence of members, including members sent as null.</summary>
    /// <returns>True if all of these members were sent.</returns>
    public bool Contains(params IReadOnlyList<string> members) => members.All(PresentProperties.Contains);

    /// <summary>Returns the values of the run after the update. Statistics and error are replaced as a whole.</summary>
    internal RunDraft ApplyTo(Run run) =>
        new()
        {
            DisplayName = Contains("displayName") ? Values.DisplayName : run.DisplayName.Value,
            StartDateTime = Contains("startDateTime") ? Values.StartDateTime : run.StartDateTime,
            EndDateTime = Contains("endDateTime") ? Values.EndDateTime : run.EndDateTime,
            Status = Contains("status") ? Values.Status : run.Status,
            Statistics = Contains("statistics") ? Values.Statistics : run.Statistics,
            BlockingError = Contains("blockingError") ? Values.BlockingError : run.BlockingError,
        };
}
