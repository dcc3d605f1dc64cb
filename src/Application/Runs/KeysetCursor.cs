using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>A keyset cursor: a position in an ordered list. Concurrent inserts do not change the position.</summary>
/// <param name="Keys">
/// The value of each sort key: a text, <see cref="DateTimeOffset"/>, a status number as <see cref="short"/>,
/// <see cref="Guid"/>, or null.
/// </param>
public sealed record KeysetCursor(IReadOnlyList<object?> Keys)
{
    /// <summary>Compares the number and types of the keys with an order.</summary>
    /// <returns>True if the keys match the order.</returns>
    public bool Matches(IReadOnlyList<RunOrderKey> order)
    {
        var fits = Keys.Count == order.Count;
        for (var i = 0; fits && i < order.Count; i++)
        {
            fits = order[i].Field switch
            {
                RunField.Id => Keys[i] is Guid,
                RunField.DisplayName => Keys[i] is string,
                RunField.Status => Keys[i] is short,
                RunField.EndDateTime => Keys[i] is null or DateTimeOffset,
                _ => Keys[i] is DateTimeOffset,
            };
        }

        return fits;
    }

    /// <summary>Returns the position of a run.</summary>
    public static KeysetCursor FromRun(RunListItem run, IReadOnlyList<RunOrderKey> order) =>
        new([.. order.Select(k => run.SortKey(k.Field))]);
}
