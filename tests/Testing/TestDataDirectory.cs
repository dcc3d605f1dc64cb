using System.Diagnostics;
using System.Globalization;
using IndustryData.Infrastructure.EmbeddedPostgres;

namespace IndustryData.Testing;

/// <summary>
/// The data directory of an embedded PostgreSQL. Its disposal kills a PostgreSQL that still runs in it, and deletes it.
/// </summary>
internal sealed class TestDataDirectory(string name = "data") : IDisposable
{
    private readonly TemporaryDirectory _parent = new();

    public string Path => System.IO.Path.Combine(_parent.Path, name);

    public string Cluster => System.IO.Path.Combine(Path, "postgres", "cluster");

    public DataDirectory Resolve() => DataDirectory.Resolve(Path, new EmbeddedPostgresOptions());

    /// <summary>Returns the process id in postmaster.pid.</summary>
    public int ReadPid() =>
        int.Parse(
            File.ReadLines(System.IO.Path.Combine(Cluster, "postmaster.pid")).First(),
            CultureInfo.InvariantCulture
        );

    /// <summary>Kills the postmaster, but not its children.</summary>
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

    /// <summary>Writes another process id into the lock files of a dead server.</summary>
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

    /// <summary>Returns every file of the cluster with its modification time and the hash of its content.</summary>
    public IReadOnlyList<string> Snapshot() =>
        [
            .. Directory
                .GetFiles(Cluster, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(file =>
                {
                    byte[] hash = System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file));
                    return $"{file} {File.GetLastWriteTimeUtc(file):O} {Convert.ToHexString(hash)}";
                }),
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

        _parent.Dispose();
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
            return; // The process has ended.
        }

        // If no process waits for orphans, a dead orphan remains in /proc as a zombie.
        while (
            File.Exists($"/proc/{pid}/stat")
            && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal)
        )
        {
            // The wait for the end of a process that is not a child of this one has no event.
            Thread.Sleep(1);
        }
    }
}
