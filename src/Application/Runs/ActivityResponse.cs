using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>An activity as it is read back.</summary>
/// <param name="Id">A UUIDv7.</param>
/// <param name="Type">The qualified name of its type, without <c>#</c>.</param>
/// <param name="DisplayName">What people call it.</param>
/// <param name="Status">How it stands, by name.</param>
/// <param name="BlockingError">The error that stopped it, a JSON object, or null.</param>
/// <param name="Activity">The flow that it carried out, a JSON object, or null.</param>
public sealed record ActivityResponse(Guid Id, string Type, string DisplayName, string Status, string? BlockingError, string? Activity)
{
    internal static ActivityResponse FromActivity(RunActivity activity) =>
        new(activity.Id.Value, activity.Type.Name, activity.DisplayName.Value, activity.Status.Name, activity.BlockingError?.Json, activity.Activity?.Json);
}
