using System.Globalization;
using System.Text.RegularExpressions;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>An installed PostgreSQL: the directory of its programs and its major version.</summary>
internal sealed partial record PostgresInstallation(string BinDirectory, int Major)
{
    private const int MinMajor = 15;
    private const int MaxMajor = 18;
    private static readonly string[] _requiredPrograms = ["postgres", "initdb", "pg_ctl"];

    public string Initdb => Program(BinDirectory, "initdb");

    public string Postgres => Program(BinDirectory, "postgres");

    public string PgCtl => Program(BinDirectory, "pg_ctl");

    public string? Psql => File.Exists(Program(BinDirectory, "psql")) ? Program(BinDirectory, "psql") : null;

    /// <summary>Returns the path of a program of the PostgreSQL client, such as <c>pg_dump</c>.</summary>
    /// <exception cref="EmbeddedPostgresException">It is not installed in the directory of the server.</exception>
    public string ClientProgram(string name) =>
        Program(BinDirectory, name) is var path && File.Exists(path)
            ? path
            : throw new EmbeddedPostgresException(
                $"There is no {name} in {BinDirectory}: install the client programs of PostgreSQL {Major} there."
            );

    /// <summary>
    /// Finds the programs of the major version <paramref name="needed"/>, or of the newest supported version if that is
    /// null.
    /// </summary>
    public static async Task<PostgresInstallation> FindAsync(
        EmbeddedPostgresOptions options,
        PostgresOsAccount account,
        int? needed,
        CancellationToken cancellationToken
    )
    {
        List<PostgresInstallation> found = await ListAsync(
            options.BinDirectory,
            "Setting EmbeddedPostgres:BinDirectory",
            account,
            cancellationToken
        );
        PostgresInstallation? chosen = needed is { } major
            ? found.FirstOrDefault(programs => programs.Major == major)
            : found.Where(programs => programs.Major is >= MinMajor and <= MaxMajor).MaxBy(programs => programs.Major);
        if (chosen is not null)
        {
            return chosen;
        }

        string present =
            found.Count == 0
                ? "none"
                : "only " + string.Join(", ", found.Select(programs => $"{programs.Major} ({programs.BinDirectory})"));
        throw new EmbeddedPostgresException(
            needed is not null
                ? $"The data directory belongs to PostgreSQL {needed}, but no programs of that version were found, "
                    + $"{present}: "
                    + (
                        found.Any(programs => programs.Major > needed && programs.Major <= MaxMajor)
                            ? "run the command upgrade to move the data to the newer version, "
                            : ""
                    )
                    + $"install PostgreSQL {needed}, "
                    + "or set EmbeddedPostgres:BinDirectory to the directory of its programs."
                : $"PostgreSQL {MinMajor} to {MaxMajor} is needed "
                    + $"and was not found in PATH or the usual directories ({present}): "
                    + $"install it ({InstallCommand()}), set EmbeddedPostgres:BinDirectory "
                    + "to the directory of its programs, or configure a connection string."
        );
    }

    /// <summary>
    /// Finds the programs of the major version <paramref name="major"/> from which an upgrade starts.
    /// </summary>
    /// <param name="binDirectory">The directory of the programs; null to search for them.</param>
    /// <param name="major">The version.</param>
    /// <param name="account">Runs the programs.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="EmbeddedPostgresException">They are not installed.</exception>
    public static async Task<PostgresInstallation> FindOldAsync(
        string? binDirectory,
        int major,
        PostgresOsAccount account,
        CancellationToken cancellationToken
    ) =>
        (await ListAsync(binDirectory, "--from-bin", account, cancellationToken)).FirstOrDefault(programs =>
            programs.Major == major
        )
        ?? throw new EmbeddedPostgresException(
            $"The programs of PostgreSQL {major}, which the upgrade reads the data with, were not found"
                + $"{(binDirectory is null ? "" : " in " + binDirectory)}: install PostgreSQL {major} beside the new "
                + "version, or name the directory of its programs with --from-bin; if that is impossible, load a "
                + "backup into a new data directory with the command restore."
        );

    private static async Task<List<PostgresInstallation>> ListAsync(
        string? binDirectory,
        string origin,
        PostgresOsAccount account,
        CancellationToken cancellationToken
    )
    {
        bool isSet = !string.IsNullOrWhiteSpace(binDirectory);
        if (isSet && !IsComplete(binDirectory!))
        {
            throw new EmbeddedPostgresException(
                $"{origin} names {binDirectory}, "
                    + "which does not hold postgres, initdb and pg_ctl: "
                    + "name the directory that does, or leave it out."
            );
        }

        var found = new List<PostgresInstallation>();
        foreach (
            string directory in isSet
                ? [Path.GetFullPath(binDirectory!)]
                : DirectoriesOnPath().Concat(WellKnownDirectories()).Distinct().Where(IsComplete)
        )
        {
            ProgramResult version = await account.RunAsync(
                Program(directory, "postgres"),
                ["--version"],
                "/",
                cancellationToken
            );
            if (VersionPattern().Match(version.Output) is { Success: true } match)
            {
                found.Add(
                    new PostgresInstallation(
                        directory,
                        int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
                    )
                );
            }
        }

        return found;
    }

    private static string InstallCommand() =>
        OperatingSystem.IsWindows() ? "winget install PostgreSQL.PostgreSQL.17"
        : OperatingSystem.IsMacOS() ? "brew install postgresql@17"
        : "apt-get install postgresql, or dnf install postgresql-server";

    // Distributions put symbolic links on PATH. The server finds its libraries and templates relative to the programs
    // themselves.
    private static IEnumerable<string> DirectoriesOnPath() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => new FileInfo(Program(directory, "postgres")))
            .Where(program => program.Exists)
            .Select(program =>
                Path.GetDirectoryName((program.ResolveLinkTarget(returnFinalTarget: true) ?? program).FullName)!
            );

    private static IEnumerable<string> WellKnownDirectories() =>
        OperatingSystem.IsWindows()
            ? Matching(
                Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL"),
                "*"
            )
            : Matching("/usr/lib/postgresql", "*")
                .Concat(Matching("/usr", "pgsql-*"))
                .Append("/usr/bin")
                .Concat(Matching("/opt/homebrew/opt", "postgresql@*"))
                .Concat(Matching("/usr/local/opt", "postgresql@*"));

    private static IEnumerable<string> Matching(string parent, string pattern) =>
        Directory.Exists(parent)
            ? Directory.GetDirectories(parent, pattern).Select(directory => Path.Combine(directory, "bin"))
            : [];

    private static bool IsComplete(string directory) =>
        _requiredPrograms.All(name => File.Exists(Program(directory, name)));

    private static string Program(string directory, string name) =>
        Path.Combine(directory, OperatingSystem.IsWindows() ? name + ".exe" : name);

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionPattern();
}
