using IndustryData.Domain;

namespace IndustryData.Application.Runs;

/// <summary>Writes the runs of old partitions to files, and removes the partitions.</summary>
public interface IRunArchive
{
    /// <summary>Lists the partitions that ended before a time, also detached ones, oldest first.</summary>
    /// <returns>The names of the partitions, such as <c>2025q1</c>.</returns>
    Task<IReadOnlyList<string>> ListAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the runs of a partition with their activities, unless a finished archive in the folder has the same runs.
    /// The archive gets its name when it is complete, checked and on disk.
    /// </summary>
    /// <param name="partition">The name of the partition.</param>
    /// <param name="folder">The folder, which is created if it does not exist.</param>
    /// <param name="progress">Is called with the number of runs that are written so far; null for no reports.</param>
    /// <param name="cancellationToken">Cancels the operation. No archive is left then.</param>
    /// <returns>The archive; an error if the files do not have the runs of the database.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    Task<Result<PartitionArchive>> WriteAsync(
        string partition,
        string folder,
        Action<long>? progress,
        CancellationToken cancellationToken
    );

    /// <summary>Detaches the partitions that ended before a time. Their runs are no longer visible.</summary>
    Task DetachAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>Drops a partition if it is detached.</summary>
    /// <returns>True if it was dropped.</returns>
    Task<bool> DropAsync(string partition, CancellationToken cancellationToken);
}

/// <summary>The archive of a partition.</summary>
/// <param name="Path">The path of the folder with its files.</param>
/// <param name="Runs">The number of runs.</param>
/// <param name="IsNew">False if an earlier call has written it.</param>
public sealed record PartitionArchive(string Path, long Runs, bool IsNew);

/// <summary>Encodes a run as a line of a file. The line can be imported.</summary>
public interface IRunLineEncoder
{
    /// <summary>Returns the line without its end. It is valid until the next call.</summary>
    /// <param name="run">The run with its statistics and activities.</param>
    ReadOnlyMemory<byte> Encode(RunListItem run);
}
