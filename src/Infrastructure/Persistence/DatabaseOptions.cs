using System.ComponentModel.DataAnnotations;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The servers of the database (configuration section <c>Database</c>).</summary>
public sealed record DatabaseOptions
{
    /// <summary>
    /// True if lists, counts and other reads go to the standbys among the hosts of the connection string.
    /// </summary>
    public bool ReadFromReplicas { get; init; }

    /// <summary>
    /// True if these reads go to the primary too, in turn with the standbys. It needs <see cref="ReadFromReplicas"/>.
    /// </summary>
    public bool LoadBalanceReads { get; init; }

    /// <summary>A standby that is further behind the primary is not used: 1 second to 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan MaxReplicaLag { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// True if the connection string names the coordinator of a Citus cluster over which the tables are distributed by
    /// tenant.
    /// </summary>
    public bool Distributed { get; init; }
}
