namespace IndustryData.Infrastructure.Persistence;

/// <summary>A key that signs page tokens. It lives in the database, so that every instance of the service takes every other's tokens and none outlives a restored copy.</summary>
internal sealed class TokenKey
{
    public int Id { get; init; }

    public byte[] Key { get; init; } = [];
}
