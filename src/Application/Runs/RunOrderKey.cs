namespace IndustryData.Application.Runs;

/// <summary>A sort key of runs. Nulls sort lowest.</summary>
public sealed record RunOrderKey(RunField Field, bool IsDescending)
{
    /// <summary>The order by start time, newest first.</summary>
    public static readonly IReadOnlyList<RunOrderKey> NewestFirst = WithTieBreaker([
        new RunOrderKey(RunField.StartDateTime, IsDescending: true),
    ]);

    /// <summary>Returns a total order. The id is the last key, in the direction of the key before it.</summary>
    /// <param name="keys">The sort keys; at least one. Repeated keys and keys after the id have no effect.</param>
    public static IReadOnlyList<RunOrderKey> WithTieBreaker(IEnumerable<RunOrderKey> keys)
    {
        var order = keys.DistinctBy(k => k.Field).ToList();
        var id = order.FindIndex(k => k.Field == RunField.Id);
        return id < 0 ? [.. order, new RunOrderKey(RunField.Id, order[^1].IsDescending)] : order[..(id + 1)];
    }
}
