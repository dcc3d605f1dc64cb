namespace IndustryData.Application.Common;

/// <summary>
/// The keys that seal page and delta tokens. They are stored in the database and shared by all instances of the
/// service.
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
