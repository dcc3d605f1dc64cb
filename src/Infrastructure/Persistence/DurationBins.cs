namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The bins of the histograms of durations. Bin 0 has the durations below a millisecond. The bounds of each further bin
/// differ by 2 %, so that the value of a bin differs from each of its durations by at most 1 %.
/// </summary>
internal static class DurationBins
{
    private const double Growth = 1.02;

    /// <summary>The SQL expression of the bin of an ended run.</summary>
    public const string Expression = """
        (CASE WHEN date_part('epoch', end_date_time - start_date_time) < 0.001 THEN 0
            ELSE 1 + floor(ln(date_part('epoch', end_date_time - start_date_time) * 1000) / ln(1.02::float8))
            END)::smallint
        """;

    /// <summary>Returns the value of a bin: the geometric mean of its bounds.</summary>
    public static TimeSpan ValueOf(short bin) =>
        bin == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Pow(Growth, bin - 0.5));
}
