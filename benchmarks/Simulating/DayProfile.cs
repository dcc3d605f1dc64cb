namespace IndustryData.Benchmarks.Simulating;

/// <summary>A day of arrivals: how many runs come in each hour, and from which tenants.</summary>
/// <param name="Runs">The number of runs of the day.</param>
/// <param name="Tenants">The number of tenants.</param>
internal sealed record DayProfile(long Runs, int Tenants)
{
    public const int SecondsOfDay = 86_400;

    // The part of each hour (UTC), in 110ths. Imports run at night: half of the runs come in six hours.
    private static readonly int[] _hours = [9, 10, 11, 10, 8, 6, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 3, 5, 7];

    private static readonly double[] _untilHour = Cumulate([.. _hours.Select(h => (double)h)]);

    // Zipf's law with the exponent 1: the tenant of rank r has 1/r of the runs of the largest one.
    private readonly double[] _untilTenant = Cumulate([.. Enumerable.Range(1, Tenants).Select(r => 1.0 / r)]);

    /// <summary>The mean number of runs a second.</summary>
    public double MeanRate => (double)Runs / SecondsOfDay;

    /// <summary>The number of runs a second in the hour with the most runs.</summary>
    public double PeakRate => Runs * ((double)_hours.Max() / _hours.Sum()) / 3600;

    /// <summary>The part of the runs that the largest tenant has.</summary>
    public double LargestShare => _untilTenant[0];

    /// <summary>Returns the time of an arrival, as a fraction of the day.</summary>
    /// <param name="part">The part of the day's runs that come before it.</param>
    public static double TimeOf(double part)
    {
        var hour = Find(_untilHour, part);
        var before = hour == 0 ? 0 : _untilHour[hour - 1];
        return (hour + ((part - before) / (_untilHour[hour] - before))) / _hours.Length;
    }

    /// <summary>Returns the index of a tenant; the largest has 0.</summary>
    /// <param name="random">A random number from 0 to 1.</param>
    public int TenantOf(double random) => Find(_untilTenant, random);

    private static int Find(double[] cumulated, double value)
    {
        var index = Array.BinarySearch(cumulated, value);
        return Math.Min(index < 0 ? ~index : index, cumulated.Length - 1);
    }

    private static double[] Cumulate(double[] weights)
    {
        var (cumulated, total, sum) = (new double[weights.Length], weights.Sum(), 0.0);
        for (var i = 0; i < weights.Length; i++)
        {
            sum += weights[i];
            cumulated[i] = sum / total;
        }

        return cumulated;
    }
}
