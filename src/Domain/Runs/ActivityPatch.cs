namespace IndustryData.Domain.Runs;

/// <summary>The properties of an activity that an <see cref="ActivityPatch"/> can set.</summary>
[Flags]
public enum ActivityPatchProperties
{
    /// <summary>No property.</summary>
    None = 0,

    /// <inheritdoc cref="ActivityDraft.Type" />
    Type = 1,

    /// <inheritdoc cref="ActivityDraft.DisplayName" />
    DisplayName = 1 << 1,

    /// <inheritdoc cref="ActivityDraft.Status" />
    Status = 1 << 2,

    /// <inheritdoc cref="ActivityDraft.BlockingError" />
    BlockingError = 1 << 3,

    /// <inheritdoc cref="ActivityDraft.Activity" />
    Activity = 1 << 4,
}

/// <summary>A partial update of an activity. Other properties keep their values.</summary>
/// <param name="Values">The new values.</param>
/// <param name="Properties">The properties to set. The value of each is in <paramref name="Values"/>, or null.</param>
public sealed record ActivityPatch(ActivityDraft Values, ActivityPatchProperties Properties)
{
    /// <summary>Checks whether the patch sets properties.</summary>
    /// <returns>True if it sets all of these properties.</returns>
    public bool Sets(ActivityPatchProperties properties) => (Properties & properties) == properties;

    /// <summary>Returns the values of the activity after the update.</summary>
    internal ActivityDraft ApplyTo(RunActivity activity) =>
        new()
        {
            Type = Sets(ActivityPatchProperties.Type) ? Values.Type : activity.Type,
            DisplayName = Sets(ActivityPatchProperties.DisplayName) ? Values.DisplayName : activity.DisplayName.Value,
            Status = Sets(ActivityPatchProperties.Status) ? Values.Status : activity.Status,
            BlockingError = Sets(ActivityPatchProperties.BlockingError) ? Values.BlockingError : activity.BlockingError,
            Activity = Sets(ActivityPatchProperties.Activity) ? Values.Activity : activity.Activity,
        };
}
