namespace IndustryData.Application.Common;

/// <summary>
/// Stores the keys that seal the sessions of browsers. All instances of the service share them. Both methods block,
/// because ASP.NET Core calls them from code that cannot wait asynchronously.
/// </summary>
public interface ISessionKeys
{
    /// <summary>Returns all keys, in the XML format of ASP.NET Core.</summary>
    /// <exception cref="Exception">
    /// The database is unavailable. <see cref="IDatabaseHealth.Classify"/> returns the outage.
    /// </exception>
    IReadOnlyList<string> Read();

    /// <summary>
    /// Stores a new key, unless another instance has stored one since the last <see cref="Read"/>. The next read
    /// returns that one.
    /// </summary>
    /// <param name="xml">The key, in the XML format of ASP.NET Core.</param>
    /// <inheritdoc cref="Read" path="/exception" />
    void Add(string xml);
}
