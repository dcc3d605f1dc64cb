using IndustryData.Domain.Runs;

namespace IndustryData.Application.Common;

/// <summary>Knows which of the service's own tokens have been revoked, and which sessions have been ended.</summary>
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

    /// <summary>
    /// Checks whether a session of a browser has been ended. A revocation of the tokens also ends sessions.
    /// </summary>
    /// <param name="tenantId">The tenant of the session.</param>
    /// <param name="started">The time at which the session started, in UTC.</param>
    /// <returns>Returns true if the sessions of the tenant that started at this time have been ended.</returns>
    /// <inheritdoc cref="IsRevoked" path="/exception" />
    bool IsSessionEnded(TenantId tenantId, DateTimeOffset started);

    /// <summary>
    /// Ends all sessions of a tenant that started before a time. Its tokens stay valid. Every instance rejects the
    /// sessions within ten seconds.
    /// </summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="before">The time, in UTC.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    Task EndSessionsAsync(TenantId tenantId, DateTimeOffset before, CancellationToken cancellationToken);
}
