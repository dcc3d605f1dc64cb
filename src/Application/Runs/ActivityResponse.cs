using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>The response model of an activity.</summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="Type">The name of its type.</param>
/// <param name="DisplayName">The display name.</param>
/// <param name="Status">The name of the status.</param>
/// <param name="BlockingError">The error that stopped it, as a JSON object, or null.</param>
/// <param name="Activity">The flow that it carried out, a JSON object, or null.</param>
public sealed record ActivityResponse(
    Guid Id,
    string Type,
    string DisplayName,
    string Status,
    string? BlockingError,
    string? Activity
)
{
    internal static ActivityResponse FromActivity(RunActivity activity) =>
        new(
            activity.Id.Value,
            activity.Type.Name,
            activity.DisplayName.Value,
            activity.Status.Name,
            activity.BlockingError?.Json,
            activity.Activity?.Json
        );
}

/// <summary>Some of the activities of a run.</summary>
/// <param name="Activities">The activities in the order in which they were added.</param>
/// <param name="Next">The last of these activities if the run has more; otherwise null.</param>
/// <param name="Count">The number of all activities of the run; null if not requested.</param>
public sealed record ActivityPage(
    IReadOnlyList<ActivityResponse> Activities,
    ActivityId? Next = null,
    long? Count = null
);
