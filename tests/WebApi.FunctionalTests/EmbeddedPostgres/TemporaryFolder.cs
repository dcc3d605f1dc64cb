using System.Diagnostics;
using System.Globalization;
using IndustryData.Infrastructure.EmbeddedPostgres;

namespace IndustryData.WebApi.FunctionalTests.EmbeddedPostgres;

/// <summary>
/// A data folder below the temporary folder. Its end kills a PostgreSQL left running in it and removes it.
/// </summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("industrydata-").FullName;

    public TemporaryFolder(string name = "data")
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                _root,
                File.GetUnixFileMode(_root) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute
            );
        }

        Path = System.IO.Path.Combine(_root, name);
    }

    public string Path { get; }

    public string Cluster => System.IO.Path.Combine(Path, "postgres", "cluster");

    public DataDirectory Resolve() => DataDirectory.Resolve(Path, new EmbeddedPostgresOptions());

    /// <summary>The number in postmaster.pid.</summary>
    public int ReadPid() =>
        int.Parse(
            File.ReadLines(System.IO.Path.Combine(Cluster, "postmaster.pid")).First(),
            CultureInfo.InvariantCulture
        );

    /// <summary>Kills the postmaster and leaves its children to themselves.</summary>
    public void KillPostmaster() => Kill(ReadPid());

    /// <summary>Kills the postmaster and all its children.</summary>
    public void KillAll()
    {
        int postmaster = ReadPid();
        string[] children = File.ReadAllText($"/proc/{postmaster}/task/{postmaster}/children")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Kill(postmaster);
        foreach (string child in children)
        {
            Kill(int.Parse(child, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Puts another number into the lock files of a dead server.</summary>
    public void WritePid(int pid)
    {
        foreach (
            string path in new[]
            {
                System.IO.Path.Combine(Cluster, "postmaster.pid"),
                System.IO.Path.Combine(Path, "postgres", ".s.PGSQL.5432.lock"),
            }
        )
        {
            string[] lines = File.ReadAllLines(path);
            lines[0] = pid.ToString(CultureInfo.InvariantCulture);
            File.WriteAllLines(path, lines);
        }
    }

    /// <summary>Every file of the cluster with its content and time of change.</summary>
    public IReadOnlyList<string> Snapshot() =>
        [
            .. Directory
                .GetFiles(Cluster, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(file =>
                    $"{file} {File.GetLastWriteTimeUtc(file):O} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))}"
                ),
        ];

    public void Dispose()
    {
        if (
            File.Exists(System.IO.Path.Combine(Cluster, "postmaster.pid"))
            && new FileInfo($"/proc/{ReadPid()}/cwd").LinkTarget == Cluster
        )
        {
            KillAll();
        }

        Directory.Delete(_root, recursive: true);
    }

    private static void Kill(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            process.Kill();
        }
        catch (ArgumentException)
        {
            return; // it has ended
        }

        // Where nobody waits for orphans a dead one keeps its entry, as a zombie.
        while (
            File.Exists($"/proc/{pid}/stat")
            && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal)
        )
        {
            Thread.Sleep(1);
        }
    }
}
