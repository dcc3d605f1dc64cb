using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Chooses the period of the runs in new partitions.</summary>
internal static class PartitionWidths
{
    /// <summary>The setting by which the width follows the number of runs.</summary>
    public const string Automatic = "automatic";

    // A partition of 50 to 100 million runs can still be vacuumed, backed up and dropped quickly.
    private const double MaxRuns = 50_000_000;

    private static readonly (string Width, int Days)[] _widths = [("quarter", 92), ("month", 31), ("week", 7)];

    // The partitions of the last seven days, as the planner counts them. A partition that has no statistics yet counts
    // as empty.
    private const string RunsPerDay = """
        SELECT coalesce(
            sum(greatest(partition.reltuples, 0)) / extract(epoch FROM $1 - min(attached.first)) * 86400, 0)::float8
        FROM attached_partitions() AS attached
            JOIN pg_class AS partition ON partition.oid = to_regclass('runs_' || attached.suffix)
        WHERE attached.parent = 'runs' AND attached.first < $1 AND attached.until > $1 - interval '7 days'
        """;

    /// <summary>Returns the width of the partitions that are created now.</summary>
    /// <param name="connection">A connection of the owner.</param>
    /// <param name="options">The settings.</param>
    /// <param name="now">The current time.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>
    /// The width of the settings. If that is <see cref="Automatic"/>, the largest width with which a partition has at
    /// most 50 million runs if as many are added each day as in the partitions of the last seven days; <c>day</c> if a
    /// week would have more.
    /// </returns>
    public static async Task<string> ChooseAsync(
        NpgsqlConnection connection,
        PartitionOptions options,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (options.Width != Automatic)
        {
            return options.Width;
        }

        await using var command = new NpgsqlCommand(RunsPerDay, connection);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        var runsPerDay = (double)(await command.ExecuteScalarAsync(cancellationToken))!;
        return _widths.FirstOrDefault(w => runsPerDay * w.Days <= MaxRuns).Width ?? "day";
    }
}
