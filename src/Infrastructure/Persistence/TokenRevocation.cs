using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The revocation of a tenant's own tokens. All tokens that were issued before a time are invalid.</summary>
internal sealed class TokenRevocation
{
    public TenantId TenantId { get; init; }

    public DateTimeOffset NotBefore { get; init; }
}
