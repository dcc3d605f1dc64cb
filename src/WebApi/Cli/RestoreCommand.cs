using System.Globalization;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>restore FILE</c>: loads a backup into the embedded database of an empty data directory.
/// </summary>
internal static class RestoreCommand
{
    private const string Usage = "usage: restore FILE";

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">The arguments after <c>restore</c>.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="options">The settings of the embedded PostgreSQL.</param>
    /// <param name="progress">Logs the progress.</param>
    /// <returns>The line to print.</returns>
    /// <exception cref="StartupException">The arguments are invalid, or the command was interrupted.</exception>
    /// <exception cref="EmbeddedPostgresException">Nothing was restored.</exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> arguments,
        DataDirectory directory,
        EmbeddedPostgresOptions options,
        ILogger progress
    )
    {
        if (arguments is not [{ Length: > 0 } path] || path.StartsWith('-'))
        {
            throw new StartupException(Usage);
        }

        using var interruption = new Interruption();
        try
        {
            var count = await DatabaseRestore.ReadAsync(directory, options, path, progress, interruption.Token);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"The restore is complete: {count} runs in {directory.Path}. Start the service."
            );
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            throw new StartupException("The restore was interrupted, and nothing was restored; run it again.");
        }
    }
}
