namespace IndustryData.Infrastructure.Persistence.Standbys;

/// <summary>
/// The positions of the primary at the latest checks. They show how far a standby is behind, whatever the clock of the
/// standby says. Not thread-safe.
/// </summary>
/// <param name="clock">The clock.</param>
internal sealed class PrimaryHistory(TimeProvider clock)
{
    // One check a second for an hour, the highest lag that can be allowed.
    private const int MaxSamples = 3600;

    private readonly List<(long Time, ulong Position)> _samples = [];

    /// <summary>Adds the current position of the primary.</summary>
    public void Add(ulong position)
    {
        if (_samples.Count > 0 && _samples[^1].Position > position)
        {
            // Another primary, after a failover or a restore.
            _samples.Clear();
        }

        _samples.Add((clock.GetTimestamp(), position));
        if (_samples.Count > MaxSamples)
        {
            _samples.RemoveAt(0);
        }
    }

    /// <summary>Returns the time by which a standby is behind; null if this is unknown.</summary>
    /// <param name="position">What the standby has replayed.</param>
    /// <param name="replayAge">The age of the newest commit that it has replayed, by its own clock.</param>
    public TimeSpan? LagOf(ulong position, TimeSpan? replayAge)
    {
        var replayed = _samples.FindLastIndex(s => s.Position <= position);
        if (_samples.Count == 0 || replayed == _samples.Count - 1)
        {
            return _samples.Count == 0 ? null : TimeSpan.Zero;
        }

        // The missing changes are younger than the sample that is replayed, and older than the next one. The clock of
        // the standby counts only in between.
        var least = clock.GetElapsedTime(_samples[replayed + 1].Time);
        TimeSpan? most = replayed < 0 ? null : clock.GetElapsedTime(_samples[replayed].Time);
        var estimate = replayAge is null || most < replayAge ? most : replayAge;
        return estimate < least ? least : estimate;
    }
}
