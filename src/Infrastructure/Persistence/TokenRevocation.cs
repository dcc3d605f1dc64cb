using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The revocation of a tenant's own tokens and sessions. All tokens and sessions from before a time are invalid.
/// </summary>
internal sealed class TokenRevocation
{
    public TenantId TenantId { get; init; }

    /// <summary>The time for tokens and sessions.</summary>
    public DateTimeOffset NotBefore { get; init; }

    /// <summary>The time for sessions only.</summary>
    public DateTimeOffset SessionsNotBefore { get; init; }
}
