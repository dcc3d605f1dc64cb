using System.ComponentModel;
using System.Diagnostics;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// Runs a client program of PostgreSQL as the account of this process. A client does not write below the data
/// directory, so it needs no other account, and the files that it writes belong to the caller.
/// </summary>
internal static class ClientProcess
{
    // Enough for the error and the lines around it.
    private const int MaxKeptLines = 100;

    /// <summary>Runs a program and waits for its end. Cancellation kills it and the processes it started.</summary>
    /// <param name="program">The path of the program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="connection">The server and the database; null if the program does not connect.</param>
    /// <param name="report">Called with each line of standard error; it must not throw.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    /// <returns>The exit code with standard output and the last lines of standard error.</returns>
    /// <exception cref="EmbeddedPostgresException">The program cannot be run.</exception>
    public static async Task<ProgramResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        PsqlConnection? connection,
        Action<string> report,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        PostgresOsAccount.SetEnvironment(start);
        if (connection is not null)
        {
            start.Environment["PGHOST"] = connection.Host;
            start.Environment["PGPORT"] = $"{connection.Port}";
            start.Environment["PGUSER"] = connection.User;
            start.Environment["PGPASSWORD"] = connection.Password;
            start.Environment["PGSSLMODE"] = "disable";
            start.Environment["PGGSSENCMODE"] = "disable";
        }

        using Process process = Start(start);
        try
        {
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var lastLines = new Queue<string>();
            while (await process.StandardError.ReadLineAsync(cancellationToken) is { } line)
            {
                lastLines.Enqueue(line);
                if (lastLines.Count > MaxKeptLines)
                {
                    lastLines.Dequeue();
                }

                report(line);
            }

            string written = await output;
            await process.WaitForExitAsync(cancellationToken);
            return new ProgramResult(process.ExitCode, $"{written}\n{string.Join('\n', lastLines)}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>
    /// Flushes the entries of a directory to disk. Otherwise, a power failure could undo a rename. .NET cannot flush a
    /// directory.
    /// </summary>
    public static async Task FlushDirectoryAsync(string directory)
    {
        if (!OperatingSystem.IsWindows())
        {
            await RunAsync("sync", [directory], connection: null, _ => { }, CancellationToken.None);
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new EmbeddedPostgresException(
                $"{start.FileName} cannot be run ({exception.Message}): install it, or correct its permissions.",
                exception
            );
        }
    }
}
