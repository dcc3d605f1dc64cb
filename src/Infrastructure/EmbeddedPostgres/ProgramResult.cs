namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">0 when it succeeded.</param>
/// <param name="Output">Everything it wrote, standard output first.</param>
internal sealed record ProgramResult(int ExitCode, string Output)
{
    private static readonly string[] _severities = ["PANIC:", "FATAL:", "ERROR:", "error:"];

    public bool Succeeded => ExitCode == 0;

    /// <summary>The last line of <see cref="Output"/> that reports an error, else its last line.</summary>
    public string Reason => ReasonIn(Output) ?? $"exit code {ExitCode}";

    /// <summary>
    /// The last line of a program's output or log that reports an error, from the severity on; else the last line; null
    /// when there is none.
    /// </summary>
    public static string? ReasonIn(string text)
    {
        // After the error PostgreSQL's programs add hints, or that they are cleaning up.
        string[] lines = text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
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
