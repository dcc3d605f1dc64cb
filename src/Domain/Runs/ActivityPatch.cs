namespace IndustryData.Domain.Runs;

/// <summary>A partial update of an activity. Members that are not sent keep their values.</summary>
/// <param name="Values">The values that were sent.</param>
/// <param name="PresentProperties">The names of the members that were sent, including those sent as null.</param>
public sealed record ActivityPatch(ActivityDraft Values, IReadOnlySet<string> PresentProperties)
{
    /// <summary>Returns the values of the activity after the update.</summary>
    internal ActivityDraft ApplyTo(RunActivity activity) =>
        new()
        {
            Type = PresentProperties.Contains("@odata.type") ? Values.Type : activity.Type,
            DisplayName = PresentProperties.Contains("displayName") ? Values.DisplayName : activity.DisplayName.Value,
            Status = PresentProperties.Contains("status") ? Values.Status : activity.Status,
            BlockingError = PresentProperties.Contains("blockingError") ? Values.BlockingError : activity.BlockingError,
            Activity = PresentProperties.Contains("activity") ? Values.Activity : activity.Activity,
        };
}
