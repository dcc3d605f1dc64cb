using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>A request that may be repeated, and what it was answered.</summary>
internal sealed class KeptRequest
{
    public TenantId TenantId { get; init; }

    public string Name { get; init; } = "";

    public byte[] BodyHash { get; init; } = [];

    /// <summary>The run that it added or started; or the id of the activity that it added.</summary>
    public RunId RunId { get; init; }

    public bool WithRepresentation { get; init; }

    public DateTimeOffset CreatedDateTime { get; init; }
}
