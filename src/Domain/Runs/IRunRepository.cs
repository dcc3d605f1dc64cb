namespace IndustryData.Domain.Runs;

/// <summary>Where runs are kept.</summary>
public interface IRunRepository
{
    /// <summary>Keeps a new run.</summary>
    /// <returns>Once the run is committed and flushed to disk, not before.</returns>
    Task AddAsync(Run run, CancellationToken cancellationToken);
}
