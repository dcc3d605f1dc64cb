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
