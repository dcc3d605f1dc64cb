using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The operating system account that runs PostgreSQL and owns its files. It is the account of the service or, if the
/// service runs as root, an unprivileged account. Root does not write below a directory that the account owns, because
/// a symbolic link there could redirect the write. Root runs programs as the account to write there.
/// </summary>
internal sealed class PostgresOsAccount
{
    private static readonly string[] _wellKnownNames = ["postgres", "industrydata"];

    private PostgresOsAccount(string? name) => Name = name;

    /// <summary>The account to switch to; null if PostgreSQL runs as the account of the service.</summary>
    public string? Name { get; }

    public static PostgresOsAccount Resolve(EmbeddedPostgresOptions options)
    {
        bool isRoot = !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;
        string? wanted = string.IsNullOrWhiteSpace(options.OsUser) ? null : options.OsUser;
        if (!isRoot)
        {
            return wanted is null || wanted == Environment.UserName
                ? new PostgresOsAccount(null)
                : throw new EmbeddedPostgresException(
                    $"Setting EmbeddedPostgres:OsUser names '{wanted}', "
                        + "but only root can run PostgreSQL as another account: "
                        + $"remove the setting, or start the service as '{wanted}'."
                );
        }

        if (wanted is null)
        {
            return _wellKnownNames.FirstOrDefault(IsUnprivileged) is { } name
                ? new PostgresOsAccount(name)
                : throw new EmbeddedPostgresException(
                    "PostgreSQL refuses to run as root, "
                        + "and there is no account 'postgres' or 'industrydata' to run it: "
                        + "useradd --system --no-create-home industrydata"
                );
        }

        return IsUnprivileged(wanted)
            ? new PostgresOsAccount(wanted)
            : throw new EmbeddedPostgresException(
                $"Setting EmbeddedPostgres:OsUser names '{wanted}', "
                    + "which must be an existing account other than root: "
                    + $"useradd --system --no-create-home {wanted}"
            );
    }

    /// <summary>
    /// Returns the first directory of <paramref name="directories"/> that the account may not enter; null if it may
    /// enter all of them. A program that runs as the account checks each directory.
    /// </summary>
    public string? FindInaccessible(IEnumerable<string> directories)
    {
        if (Name is null)
        {
            return null;
        }

        ProgramResult result = RunAsync(
                "/bin/sh",
                [
                    "-c",
                    """for directory do test -x "$directory" || { printf %s "$directory"; exit 1; }; done""",
                    "sh",
                    .. directories,
                ],
                "/",
                CancellationToken.None
            )
            .GetAwaiter()
            .GetResult();
        return result.Succeeded ? null : result.Output.TrimEnd('\n');
    }

    /// <summary>
    /// Creates the directory <paramref name="directory"/> with mode 0700 if it does not exist, and makes the account
    /// its owner.
    /// </summary>
    public async Task CreateOwnedDirectoryAsync(string directory, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
            return;
        }

        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (Name is not null)
        {
            ProgramResult result = await RunAsync(null, "chown", ["-h", Name, directory], "/", "", cancellationToken);
            if (!result.Succeeded)
            {
                throw new EmbeddedPostgresException(
                    $"{directory} cannot be given to the account '{Name}': {result.Reason}"
                );
            }
        }
    }

    /// <summary>
    /// Writes a file with mode 0600 atomically. The file is flushed to disk when the method returns.
    /// </summary>
    public async Task WriteFileAsync(string path, string text, CancellationToken cancellationToken)
    {
        string unfinished = path + ".new";
        if (Name is not null)
        {
            ProgramResult result = await RunAsync(
                Name,
                "/bin/sh",
                ["-c", """umask 077 && cat > "$1" && sync "$1" && mv "$1" "$2" """, "sh", unfinished, path],
                "/",
                text,
                cancellationToken
            );
            if (!result.Succeeded)
            {
                throw new EmbeddedPostgresException(
                    $"{path} cannot be written by the account '{Name}': {result.Reason}"
                );
            }

            return;
        }

        var creation = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            creation.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var file = new FileStream(unfinished, creation))
        {
            await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancellationToken);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>
    /// Runs a program as the account and waits for its end. Cancellation kills only that program, and not the processes
    /// that it has started.
    /// </summary>
    public Task<ProgramResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string directory,
        CancellationToken cancellationToken
    ) => RunAsync(Name, program, arguments, directory, "", cancellationToken);

    /// <summary>
    /// Removes PGDATA, PGPORT and similar variables from the environment of a program, because they refer to another
    /// server, and sets LC_ALL to C, because the service reads the messages of the program.
    /// </summary>
    public static void SetEnvironment(ProcessStartInfo start)
    {
        foreach (
            string name in start
                .Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal))
                .ToArray()
        )
        {
            start.Environment.Remove(name);
        }

        start.Environment["LC_ALL"] = "C";
    }

    private static async Task<ProgramResult> RunAsync(
        string? account,
        string program,
        IEnumerable<string> arguments,
        string directory,
        string input,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (account is not null)
        {
            start.UserName = account;
            start.Environment["HOME"] = directory;
        }

        SetEnvironment(start);
        using Process process = Start(start);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            await FeedAsync(process, input, cancellationToken);
            await process.WaitForExitAsync(cancellationToken);

            // On Windows, a server that pg_ctl has started inherits these pipes and never closes them.
            await Task.WhenAny(Task.WhenAll(output, error), Task.Delay(TimeSpan.FromSeconds(2), cancellationToken));
            return new ProgramResult(process.ExitCode, Text(output) + "\n" + Text(error));
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        static string Text(Task<string> reading) => reading.IsCompletedSuccessfully ? reading.Result : "";
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            string account = start.UserName.Length > 0 ? $" as the account '{start.UserName}'" : "";
            throw new EmbeddedPostgresException(
                $"{start.FileName} cannot be run{account}: {exception.Message}",
                exception
            );
        }
    }

    private static async Task FeedAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program has ended without reading its input. Its exit code shows the reason.
        }
    }

    private static bool IsUnprivileged(string name)
    {
        ProgramResult id = RunAsync(null, "id", ["-u", "--", name], "/", "", CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        return id.Succeeded
            && int.TryParse(
                id.Output,
                NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture,
                out int uid
            )
            && uid != 0;
    }
}
