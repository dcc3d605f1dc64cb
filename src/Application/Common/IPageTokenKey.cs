namespace IndustryData.Application.Common;

/// <summary>The key that signs page tokens, which lives in the database.</summary>
public interface IPageTokenKey
{
    /// <summary>32 random bytes, the same for every instance of the service on this database.</summary>
    ValueTask<byte[]> GetAsync(CancellationToken cancellationToken);
}
