namespace IndustryData.Testing;

/// <summary>
/// The logs of the services that a test run starts, with those that do not start. <c>./test</c> names the directory in
/// which they are kept, and searches them for secrets at the end (<c>scripts/check-logs</c>).
/// </summary>
public static class TestLogs
{
    private const string Variable = "INDUSTRYDATA_TEST_LOGS";

    private static readonly string? _directory = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } path
        ? path
        : null;

    /// <summary>Returns the path of a new log; null if no logs are kept.</summary>
    public static string? NewFile() =>
        _directory is null ? null : Path.Combine(_directory, $"{Guid.CreateVersion7():N}.log");

    /// <summary>Keeps a log.</summary>
    public static void Keep(string text)
    {
        if (NewFile() is { } file)
        {
            File.WriteAllText(file, text);
        }
    }
}
