using System.Numerics;

namespace IndustryData.Benchmarks.LoadGeneration;

/// <summary>
/// A histogram of durations. The width of each bucket is 1/64 of its values, so that the error of a percentile is at
/// most 2 %.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int Bits = 6;
    private readonly long[] _buckets = new long[(64 - Bits) << Bits];

    private double _sum;

    public long Count { get; private set; }

    /// <summary>The mean duration in milliseconds, or not a number if the histogram is empty.</summary>
    public double Mean => _sum / Count / 1e6;

    /// <summary>Counts a duration.</summary>
    public void Add(long nanoseconds)
    {
        _buckets[Bucket(Math.Max(0, nanoseconds))]++;
        _sum += nanoseconds;
        Count++;
    }

    /// <summary>
    /// Returns a percentile of the durations in milliseconds, or 0 if the histogram is empty.
    /// </summary>
    /// <param name="part">The percentile as a fraction of 1.</param>
    public double Percentile(double part)
    {
        var left = (long)Math.Ceiling(Count * part);
        for (var i = 0; i < _buckets.Length; i++)
        {
            left -= _buckets[i];
            if (left <= 0 && _buckets[i] > 0)
            {
                return Middle(i) / 1e6;
            }
        }

        return 0;
    }

    // Each value below 2^(Bits+1) has its own bucket. For other values, the highest Bits+1 bits determine the bucket.
    private static int Bucket(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - Bits);
        return (shift << Bits) + (int)(value >> shift);
    }

    private static double Middle(int bucket)
    {
        var shift = Math.Max(0, (bucket >> Bits) - 1);
        return (bucket - (shift << Bits) + 0.5) * (1L << shift);
    }
}
