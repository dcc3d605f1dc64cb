namespace IndustryData.Domain.Runs;

/// <summary>What somebody tells anew of an activity. What is not sent stays as it is.</summary>
/// <param name="Values">The values that were sent.</param>
/// <param name="PresentProperties">The names of the members that were sent, be it as null.</param>
public sealed record ActivityPatch(ActivityDraft Values, IReadOnlySet<string> PresentProperties)
{
    /// <summary>The activity as it would be.</summary>
    internal ActivityDraft ApplyTo(RunActivity activity) => new()
    {
        Type = PresentProperties.Contains("@odata.type") ? Values.Type : activity.Type,
        DisplayName = PresentProperties.Contains("displayName") ? Values.DisplayName : activity.DisplayName.Value,
        Status = PresentProperties.Contains("status") ? Values.Status : activity.Status,
        BlockingError = PresentProperties.Contains("blockingError") ? Values.BlockingError : activity.BlockingError,
        Activity = PresentProperties.Contains("activity") ? Values.Activity : activity.Activity,
    };
}
