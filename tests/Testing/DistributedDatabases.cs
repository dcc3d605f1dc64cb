using System.Collections.Concurrent;

namespace IndustryData.Testing;

/// <summary>The databases of the tests whose tables are distributed over the nodes of a Citus cluster.</summary>
internal static class DistributedDatabases
{
    private static readonly ConcurrentBag<string> _names = [];

    /// <summary>Notes that the tables of a database are distributed.</summary>
    public static void Add(string name) => _names.Add(name);

    /// <summary>
    /// Returns the value of <c>Database:Distributed</c> for a service on a database. Tests on a cluster also have
    /// servers of their own, which are not distributed.
    /// </summary>
    public static string SettingFor(string connectionString) =>
        _names.Any(name => connectionString.Contains(name, StringComparison.Ordinal)) ? "true" : "false";
}
