namespace IndustryData.Infrastructure.FaultTests;

/// <summary>
/// The two forms of the suite. The long one is chosen by the environment variable <c>INDUSTRYDATA_FAULTS_LONG=1</c>,
/// which <c>./test --faults-long</c> sets.
/// </summary>
internal static class Form
{
    /// <summary>Whether the long form runs.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("INDUSTRYDATA_FAULTS_LONG") == "1";

    /// <summary>Whether a scenario that cannot run on this machine is a failure instead of a skipped test.</summary>
    public static bool IsContinuousIntegration { get; } = Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>The value for the form that runs.</summary>
    public static T Choose<T>(T inShort, T inLong) => IsLong ? inLong : inShort;

    /// <summary>The number of seconds for the form that runs.</summary>
    public static TimeSpan Seconds(double inShort, double inLong) => TimeSpan.FromSeconds(Choose(inShort, inLong));
}
