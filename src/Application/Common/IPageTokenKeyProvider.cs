namespace IndustryData.Application.Common;

/// <summary>
/// The keys that seal page and delta tokens. They live in the database and are the same for every instance of the
/// service on it.
/// </summary>
public interface IPageTokenKeyProvider
{
    /// <summary>The key that seals new tokens. Follows a change of the database within about a second.</summary>
    ValueTask<PageTokenSecret> GetAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The key with this id; null when the database has no such key. Looks into the database at most once a second.
    /// </summary>
    ValueTask<PageTokenSecret?> FindAsync(long keyId, CancellationToken cancellationToken);
}
