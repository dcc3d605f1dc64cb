using System.Numerics;

namespace IndustryData.Benchmarks.Driving;

/// <summary>
/// Counts durations in buckets that are 1/64 wide of what they hold, so that a percentile is right to 2 %.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int Bits = 6;
    private readonly long[] _buckets = new long[(64 - Bits) << Bits];

    public long Count { get; private set; }

    /// <summary>Counts a duration.</summary>
    public void Add(long nanoseconds)
    {
        _buckets[Bucket(Math.Max(0, nanoseconds))]++;
        Count++;
    }

    /// <summary>Counts what another has counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _buckets.Length; i++)
        {
            _buckets[i] += other._buckets[i];
        }

        Count += other.Count;
    }

    /// <summary>The duration that a part of all did not exceed, in milliseconds; 0 when nothing was counted.</summary>
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

    // Below 2^(Bits+1) each value has a bucket; above, the highest Bits+1 bits choose it.
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
