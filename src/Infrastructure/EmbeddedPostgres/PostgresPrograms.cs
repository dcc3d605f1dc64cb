using System.Globalization;
using System.Text.RegularExpressions;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>An installed PostgreSQL: the folder of its programs and its major version.</summary>
internal sealed partial record PostgresPrograms(string Folder, int Major)
{
    private const int OldestMajor = 15;
    private const int NewestMajor = 18;
    private static readonly string[] _needed = ["postgres", "initdb", "pg_ctl"];

    public string Initdb => Program(Folder, "initdb");

    public string PgCtl => Program(Folder, "pg_ctl");

    public string? Psql => File.Exists(Program(Folder, "psql")) ? Program(Folder, "psql") : null;

    /// <summary>Finds the programs of the major version <paramref name="needed"/>, or of the newest supported one when that is null.</summary>
    public static async Task<PostgresPrograms> FindAsync(EmbeddedPostgresOptions options, ServerAccount account, int? needed, CancellationToken cancellationToken)
    {
        bool isSet = !string.IsNullOrWhiteSpace(options.BinFolder);
        if (isSet && !IsComplete(options.BinFolder!))
        {
            throw new EmbeddedPostgresException(
                $"Setting EmbeddedPostgres:BinFolder names {options.BinFolder}, which does not hold postgres, initdb and pg_ctl: name the folder that does, or remove the setting.");
        }

        var found = new List<PostgresPrograms>();
        foreach (string folder in isSet ? [Path.GetFullPath(options.BinFolder!)] : FoldersOnPath().Concat(UsualFolders()).Distinct().Where(IsComplete))
        {
            ProgramResult version = await account.RunAsync(Program(folder, "postgres"), ["--version"], "/", cancellationToken);
            if (VersionPattern().Match(version.Output) is { Success: true } match)
            {
                found.Add(new PostgresPrograms(folder, int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)));
            }
        }

        PostgresPrograms? chosen = needed is { } major
            ? found.FirstOrDefault(programs => programs.Major == major)
            : found.Where(programs => programs.Major is >= OldestMajor and <= NewestMajor).MaxBy(programs => programs.Major);
        if (chosen is not null)
        {
            return chosen;
        }

        string present = found.Count == 0 ? "none" : "only " + string.Join(", ", found.Select(programs => $"{programs.Major} ({programs.Folder})"));
        throw new EmbeddedPostgresException(needed is not null
            ? $"The data were written by PostgreSQL {needed}, and of that version no programs were found, {present}: install PostgreSQL {needed}, or set EmbeddedPostgres:BinFolder to the folder of its programs."
            : $"PostgreSQL {OldestMajor} to {NewestMajor} is needed and was not found in PATH or the usual folders ({present}): install it ({InstallCommand()}), set EmbeddedPostgres:BinFolder to the folder of its programs, or configure a connection string.");
    }

    private static string InstallCommand() =>
        OperatingSystem.IsWindows() ? "winget install PostgreSQL.PostgreSQL.17"
        : OperatingSystem.IsMacOS() ? "brew install postgresql@17"
        : "apt-get install postgresql, or dnf install postgresql-server";

    // Distributions put links on PATH; the server finds its libraries and templates beside the real programs.
    private static IEnumerable<string> FoldersOnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => new FileInfo(Program(folder, "postgres")))
            .Where(program => program.Exists)
            .Select(program => Path.GetDirectoryName((program.ResolveLinkTarget(returnFinalTarget: true) ?? program).FullName)!);

    private static IEnumerable<string> UsualFolders() =>
        OperatingSystem.IsWindows()
            ? Matching(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"), "*")
            : Matching("/usr/lib/postgresql", "*")
                .Concat(Matching("/usr", "pgsql-*"))
                .Append("/usr/bin")
                .Concat(Matching("/opt/homebrew/opt", "postgresql@*"))
                .Concat(Matching("/usr/local/opt", "postgresql@*"));

    private static IEnumerable<string> Matching(string parent, string pattern) =>
        Directory.Exists(parent) ? Directory.GetDirectories(parent, pattern).Select(folder => Path.Combine(folder, "bin")) : [];

    private static bool IsComplete(string folder) => _needed.All(name => File.Exists(Program(folder, name)));

    private static string Program(string folder, string name) => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name);

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionPattern();
}
