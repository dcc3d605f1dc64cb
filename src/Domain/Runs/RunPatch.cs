namespace IndustryData.Domain.Runs;

/// <summary>What somebody tells anew of a run. What is not sent stays as it is.</summary>
/// <param name="Values">The values that were sent.</param>
/// <param name="Sent">The names of the members that were sent, be it as null.</param>
public sealed record RunPatch(RunDraft Values, IReadOnlySet<string> Sent)
{
    /// <summary>Whether all of these members were sent, be it as null.</summary>
    public bool Sends(params IReadOnlyList<string> members) => members.All(Sent.Contains);

    /// <summary>The run as it would be. Statistics and error are replaced whole.</summary>
    internal RunDraft Over(Run run) => new()
    {
        DisplayName = Sends("displayName") ? Values.DisplayName : run.DisplayName.Value,
        StartDateTime = Sends("startDateTime") ? Values.StartDateTime : run.StartDateTime,
        EndDateTime = Sends("endDateTime") ? Values.EndDateTime : run.EndDateTime,
        Status = Sends("status") ? Values.Status : run.Status,
        Statistics = Sends("statistics") ? Values.Statistics : run.Statistics,
        BlockingError = Sends("blockingError") ? Values.BlockingError : run.BlockingError,
    };
}
