namespace IndustryData.Application.Common;

/// <summary>Records which sign-in codes have been used, for all instances of the service.</summary>
public interface IUsedSignInCodes
{
    /// <summary>Uses a code up.</summary>
    /// <param name="id">The id of the code.</param>
    /// <param name="expires">The time at which the code expires, in UTC. The record is kept until a day later.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>Returns true for the first use of the code, and false for every other.</returns>
    Task<bool> TryUseAsync(Guid id, DateTimeOffset expires, CancellationToken cancellationToken);
}
