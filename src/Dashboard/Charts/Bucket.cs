using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;

namespace IndustryData.Dashboard.Charts;

/// <summary>A bucket of a chart over time: the runs that started in it.</summary>
/// <param name="From">The beginning.</param>
/// <param name="To">The end, exclusive.</param>
/// <param name="Counts">The number of runs of each status, without zeros.</param>
public sealed record Bucket(DateTimeOffset From, DateTimeOffset To, IReadOnlyDictionary<string, long> Counts)
{
    /// <summary>The number of runs.</summary>
    public long Total { get; } = Counts.Values.Sum();

    /// <summary>Returns all buckets of a span, also those without runs.</summary>
    /// <param name="counts">The counts of the buckets with runs.</param>
    /// <param name="span">The span, which begins with a bucket.</param>
    /// <param name="length">The length of a bucket.</param>
    public static IReadOnlyList<Bucket> Fill(IReadOnlyList<RunCountOfTime> counts, StartSpan span, TimeSpan length)
    {
        var byStart = counts.ToLookup(c => c.Start.UtcTicks);
        var buckets = new List<Bucket>();
        for (var from = span.From; from < span.To; from += length)
        {
            var to = from + length < span.To ? from + length : span.To;
            buckets.Add(new Bucket(from, to, byStart[from.UtcTicks].ToDictionary(c => c.Status, c => c.Count)));
        }

        return buckets;
    }

    /// <summary>Describes the counts, such as <c>210 runs: 198 completed, 3 failed</c>.</summary>
    public string Describe()
    {
        var parts = StatusLook
            .OfRuns.Where(Counts.ContainsKey)
            .Select(status => $"{Counts[status]} {StatusLook.Of(status).Word.ToLowerInvariant()}");
        return Total switch
        {
            0 => "no runs",
            1 => $"1 run: {string.Join("; ", parts)}",
            _ => $"{Total} runs: {string.Join("; ", parts)}",
        };
    }
}
