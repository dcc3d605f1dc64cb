namespace IndustryData.Infrastructure.FaultTests;

/// <summary>
/// The two forms of the test suite. The environment variable <c>INDUSTRYDATA_FAULTS_LONG=1</c> selects the long form.
/// <c>./test --faults-long</c> sets it.
/// </summary>
internal static class Form
{
    /// <summary>True if the long form runs.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("INDUSTRYDATA_FAULTS_LONG") == "1";

    /// <summary>True in continuous integration, where a scenario that cannot run fails and is not skipped.</summary>
    public static bool IsContinuousIntegration { get; } = Environment.GetEnvironmentVariable("CI") == "true";

    /// <summary>Returns the value for the form that runs.</summary>
    public static T Choose<T>(T inShort, T inLong) => IsLong ? inLong : inShort;

    /// <summary>Returns the number of seconds for the form that runs.</summary>
    public static TimeSpan Seconds(double inShort, double inLong) => TimeSpan.FromSeconds(Choose(inShort, inLong));
}
