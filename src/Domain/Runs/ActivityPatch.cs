namespace IndustryData.Domain.Runs;

/// <summary>What somebody tells anew of an activity. What is not sent stays as it is.</summary>
/// <param name="Values">The values that were sent.</param>
/// <param name="Sent">The names of the members that were sent, be it as null.</param>
public sealed record ActivityPatch(ActivityDraft Values, IReadOnlySet<string> Sent)
{
    /// <summary>The activity as it would be.</summary>
    internal ActivityDraft Over(RunActivity activity) => new()
    {
        Type = Sent.Contains("@odata.type") ? Values.Type : activity.Type,
        DisplayName = Sent.Contains("displayName") ? Values.DisplayName : activity.DisplayName.Value,
        Status = Sent.Contains("status") ? Values.Status : activity.Status,
        BlockingError = Sent.Contains("blockingError") ? Values.BlockingError : activity.BlockingError,
        Flow = Sent.Contains("activity") ? Values.Flow : activity.Flow,
    };
}
