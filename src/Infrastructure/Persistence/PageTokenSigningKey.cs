namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A key that seals page tokens. It is stored in the database, so that all instances of the service can open each
/// other's tokens, and no token is valid in another database. The key with the highest id seals new tokens. The other
/// keys only open the tokens that they sealed.
/// </summary>
internal sealed class PageTokenSigningKey
{
    public int Id { get; init; }

    public byte[] Key { get; init; } = [];
}
