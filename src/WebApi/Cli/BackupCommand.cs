using System.Globalization;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>backup FILE [--force]</c>: writes the embedded database into a file while the service runs.
/// </summary>
internal static class BackupCommand
{
    private const string Force = "--force";
    private const string Usage = $"usage: backup FILE [{Force}]";

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">The arguments after <c>backup</c>.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="options">The settings of the embedded PostgreSQL.</param>
    /// <param name="progress">Logs the progress.</param>
    /// <returns>The line to print.</returns>
    /// <exception cref="StartupException">The arguments are invalid, or the command was interrupted.</exception>
    /// <exception cref="EmbeddedPostgresException">The backup was not written.</exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> arguments,
        DataDirectory directory,
        EmbeddedPostgresOptions options,
        ILogger progress
    )
    {
        string[] files = [.. arguments.Where(argument => argument != Force)];
        if (files is not [{ Length: > 0 } path] || path.StartsWith('-') || arguments.Count - files.Length > 1)
        {
            throw new StartupException(Usage);
        }

        using var interruption = new Interruption();
        try
        {
            var length = await DatabaseBackup.WriteAsync(
                directory,
                options,
                path,
                overwrite: arguments.Count > files.Length,
                progress,
                interruption.Token
            );
            return string.Create(CultureInfo.InvariantCulture, $"The backup is complete: {path} ({length:N0} bytes).");
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            throw new StartupException($"The backup was interrupted, and {path} was not written; run it again.");
        }
    }
}
