using IndustryData.Domain.Runs;

namespace IndustryData.Application.Common;

/// <summary>Knows which of the service's own tokens have been revoked.</summary>
public interface ITokenRevocations
{
    /// <summary>Checks whether a token has been revoked.</summary>
    /// <param name="tenantId">The tenant of the token.</param>
    /// <param name="issued">The time at which the token was issued, in UTC.</param>
    /// <returns>Returns true if the tokens that were issued to the tenant at this time have been revoked.</returns>
    /// <exception cref="Exception">
    /// The revocations have not been read yet because the database is unavailable. The request must be rejected.
    /// <see cref="IDatabaseHealth.Classify"/> returns the outage.
    /// </exception>
    bool IsRevoked(TenantId tenantId, DateTimeOffset issued);
}
