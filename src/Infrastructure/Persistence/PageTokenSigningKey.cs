namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A key that seals page tokens. It lives in the database, so that every instance of the service opens every other's
/// tokens, and no token is valid in another database. The one with the highest id seals; the others only open what they
/// sealed.
/// </summary>
internal sealed class PageTokenSigningKey
{
    public int Id { get; init; }

    public byte[] Key { get; init; } = [];
}
