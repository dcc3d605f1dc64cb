namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>The result of a program.</summary>
/// <param name="ExitCode">The exit code; 0 if the program succeeded.</param>
/// <param name="Output">The complete output of the program, with standard output first.</param>
internal sealed record ProgramResult(int ExitCode, string Output)
{
    private static readonly string[] _severities = ["PANIC:", "FATAL:", "ERROR:", "error:"];

    public bool Succeeded => ExitCode == 0;

    /// <summary>
    /// The last line of <see cref="Output"/> that reports an error; otherwise its last line; otherwise the exit code.
    /// </summary>
    public string Reason => ReasonIn(Output) ?? $"exit code {ExitCode}";

    /// <summary>
    /// Returns the last line of a program's output or log that reports an error, from the severity on; otherwise the
    /// last line; null if there is none.
    /// </summary>
    public static string? ReasonIn(string text)
    {
        // After the error, the programs of PostgreSQL may write hints or messages about their cleanup.
        string[] lines = text.Split(
            ['\r', '\n'],
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
        );
        foreach (string line in lines.Reverse())
        {
            int start = _severities.Max(severity => line.IndexOf(severity, StringComparison.Ordinal));
            if (start >= 0)
            {
                return line[start..];
            }
        }

        return lines.LastOrDefault();
    }
}
