using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Writes old partitions to files: for each partition a folder with a file for each tenant, and a manifest with the
/// counts and SHA-256 hashes. The folder gets its name when all of it is checked and on disk.
/// </summary>
internal sealed partial class RunArchive(
    [FromKeyedServices(DataSources.Maintenance)] NpgsqlDataSource database,
    IRunLineEncoder encoder,
    TimeProvider clock
) : IRunArchive
{
    private const string ManifestName = "manifest.json";
    private const string Expired = "_expired";
    private const int ReportInterval = 1000;

    // The functions wait for a lock only briefly, because all other statements wait behind them.
    private const int MaxLockAttempts = 40;

    private const UnixFileMode OwnerFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly TimeSpan _pauseBetweenLockAttempts = TimeSpan.FromSeconds(1);

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public async Task<IReadOnlyList<string>> ListAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT DISTINCT suffix, first
            FROM pg_class
                CROSS JOIN LATERAL substring(relname FROM '^runs_([^_]*)(?:_expired)?$') AS suffix
                CROSS JOIN LATERAL partition_period(suffix) AS period
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND until <= $1
            ORDER BY first
            """
        );
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = before.UtcDateTime });
        var names = new List<string>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            names.Add(rows.GetString(0));
        }

        return names;
    }

    public async Task<Result<PartitionArchive>> WriteAsync(
        string partition,
        string folder,
        Action<long>? progress,
        CancellationToken cancellationToken
    )
    {
        folder = Path.GetFullPath(folder);
        CreateFolder(folder);
        await using var source = await PartitionSource.OpenAsync(
            database,
            // The detached part of a period is archived before the part that came later.
            await IsDetachedAsync(partition, cancellationToken) ? $"{partition}{Expired}" : partition,
            cancellationToken
        );
        if (FindFinished(folder, partition, source.Contents, out var name) is { } finished)
        {
            return new PartitionArchive(finished, source.Contents.Runs, IsNew: false);
        }

        var unfinished = Path.Combine(folder, $".{name}.new-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
        CreateFolder(unfinished);
        try
        {
            var files = await WriteFilesAsync(source, unfinished, progress, cancellationToken);
            if (
                files.Sum(f => f.Runs) != source.Contents.Runs
                || files.Sum(f => f.Activities) != source.Contents.Activities
            )
            {
                return RunErrors.ArchiveIsIncomplete(partition);
            }

            await WriteManifestAsync(
                unfinished,
                new Manifest(partition, clock.GetUtcNow(), source.Contents, files),
                cancellationToken
            );
            await ClientProcess.FlushDirectoryAsync(unfinished);
            var path = Path.Combine(folder, name);
            Directory.Move(unfinished, path);
            await ClientProcess.FlushDirectoryAsync(folder);
            return new PartitionArchive(path, source.Contents.Runs, IsNew: true);
        }
        finally
        {
            if (Directory.Exists(unfinished))
            {
                Directory.Delete(unfinished, recursive: true);
            }
        }
    }

    public async Task DetachAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; )
        {
            try
            {
                await using var command = database.CreateCommand("SELECT detach_runs_before($1)");
                command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = before.UtcDateTime });
                if (await command.ExecuteScalarAsync(cancellationToken) is 0)
                {
                    break;
                }
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.LockNotAvailable && attempt < MaxLockAttempts)
            {
                attempt++;
                await Task.Delay(_pauseBetweenLockAttempts, clock, cancellationToken);
            }
        }

        // A detached partition is dropped only after its runs are subtracted from the counts.
        await using var subtract = database.CreateCommand("SELECT subtract_expired_runs()");
        while (await subtract.ExecuteScalarAsync(cancellationToken) is true) { }
    }

    public async Task<bool> DropAsync(string partition, CancellationToken cancellationToken)
    {
        var names = $"'runs_{Checked(partition)}{Expired}', 'run_activities_{partition}{Expired}'";
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // A partition that was attached again manually is in use.
        await using var isDetached = new NpgsqlCommand(
            $"""
            SELECT count(*) > 0 AND NOT bool_or(relispartition)
                AND NOT EXISTS (SELECT FROM expired_partitions WHERE is_counted AND name IN ({names}))
            FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname IN ({names})
            """,
            connection,
            transaction
        );
        if (await isDetached.ExecuteScalarAsync(cancellationToken) is not true)
        {
            return false;
        }

        await using var drop = new NpgsqlCommand(
            $"""
            DROP TABLE IF EXISTS runs_{partition}{Expired}, run_activities_{partition}{Expired};
            DELETE FROM expired_partitions WHERE name IN ({names})
            """,
            connection,
            transaction
        );
        await drop.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    [GeneratedRegex("^[0-9qmw]+$")]
    private static partial Regex PartitionName { get; }

    private async Task<bool> IsDetachedAsync(string partition, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT to_regclass($1) IS NOT NULL");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"runs_{Checked(partition)}{Expired}" });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    // The name becomes a part of statements.
    private static string Checked(string partition) =>
        PartitionName.IsMatch(partition)
            ? partition
            : throw new ArgumentException($"{partition} is not the name of a partition.", nameof(partition));

    /// <summary>Finds the finished archive with these contents.</summary>
    /// <param name="folder">The folder of the archives.</param>
    /// <param name="partition">The name of the partition.</param>
    /// <param name="contents">The contents of the partition.</param>
    /// <param name="name">
    /// The name for a new archive. A finished archive is never replaced, because it may have runs that are dropped.
    /// </param>
    /// <returns>The path; null if the contents are not archived yet.</returns>
    private static string? FindFinished(string folder, string partition, PartitionContents contents, out string name)
    {
        name = partition;
        for (var number = 2; Directory.Exists(Path.Combine(folder, name)); number++)
        {
            var path = Path.Combine(folder, name);
            if (ReadManifest(Path.Combine(path, ManifestName))?.Contents == contents)
            {
                return path;
            }

            name = $"{partition}_{number}";
        }

        return null;
    }

    // A folder without a readable manifest is kept, and is no archive.
    private static Manifest? ReadManifest(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<Manifest>(File.ReadAllText(path), _json) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerFolder);
        }
    }

    private async Task<List<ManifestFile>> WriteFilesAsync(
        PartitionSource source,
        string folder,
        Action<long>? progress,
        CancellationToken cancellationToken
    )
    {
        var (files, file, written) = (new List<ManifestFile>(), default(TenantFile), 0L);
        try
        {
            await foreach (var (tenant, run) in source.ReadAsync(cancellationToken))
            {
                if (file?.TenantId != tenant)
                {
                    await CompleteAsync();
                    file = new TenantFile(folder, tenant);
                }

                file.Add(encoder.Encode(run), run.Activities!.Activities.Count);
                if (++written % ReportInterval == 0)
                {
                    progress?.Invoke(written);
                }
            }

            await CompleteAsync();
            return files;
        }
        finally
        {
            file?.Dispose();
        }

        async Task CompleteAsync()
        {
            if (file is not null)
            {
                file.Complete();
                files.Add(await file.CheckAsync(cancellationToken));
            }
        }
    }

    private static async Task WriteManifestAsync(string folder, Manifest manifest, CancellationToken cancellationToken)
    {
        await using var file = TenantFile.Create(Path.Combine(folder, ManifestName));
        await JsonSerializer.SerializeAsync(file, manifest, _json, cancellationToken);
        file.Flush(flushToDisk: true);
    }

    /// <summary>The file of a tenant. It is compressed with gzip, and has one run per line.</summary>
    private sealed class TenantFile : IDisposable
    {
        private readonly FileStream _file;
        private readonly GZipStream _lines;
        private long _runs;
        private long _activities;

        public TenantFile(string folder, Guid tenantId)
        {
            TenantId = tenantId;
            _file = Create(Path.Combine(folder, $"{tenantId}.ndjson.gz"));
            _lines = new GZipStream(_file, CompressionLevel.Fastest, leaveOpen: true);
        }

        public Guid TenantId { get; }

        public static FileStream Create(string path)
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            return new FileStream(path, options);
        }

        public void Add(ReadOnlyMemory<byte> line, int activities)
        {
            _lines.Write(line.Span);
            _lines.WriteByte((byte)'\n');
            _runs++;
            _activities += activities;
        }

        public void Complete()
        {
            _lines.Dispose();
            _file.Flush(flushToDisk: true);
            _file.Dispose();
        }

        /// <summary>Reads the file again.</summary>
        /// <returns>The entry of the manifest, with the number of lines that were read.</returns>
        public async Task<ManifestFile> CheckAsync(CancellationToken cancellationToken)
        {
            await using var stored = File.OpenRead(_file.Name);
            var hash = await SHA256.HashDataAsync(stored, cancellationToken);
            stored.Position = 0;
            await using var lines = new GZipStream(stored, CompressionMode.Decompress, leaveOpen: true);
            var (buffer, runs) = (new byte[64 * 1024], 0L);
            for (var read = -1; read != 0; )
            {
                read = await lines.ReadAsync(buffer, cancellationToken);
                runs += buffer.AsSpan(0, read).Count((byte)'\n');
            }

            return new ManifestFile(
                Path.GetFileName(_file.Name),
                TenantId,
                runs,
                _activities,
                stored.Length,
                Convert.ToHexStringLower(hash)
            );
        }

        public void Dispose()
        {
            _lines.Dispose();
            _file.Dispose();
        }
    }

    private sealed record Manifest(
        string Partition,
        DateTimeOffset ArchivedDateTime,
        PartitionContents Contents,
        IReadOnlyList<ManifestFile> Files
    );

    private sealed record ManifestFile(
        string Name,
        Guid TenantId,
        long Runs,
        long Activities,
        long Bytes,
        string Sha256
    );
}
