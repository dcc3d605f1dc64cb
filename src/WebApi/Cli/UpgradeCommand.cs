using System.Globalization;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>upgrade [--from-bin DIR]</c>: moves the embedded database to the newest installed major version of
/// PostgreSQL.
/// </summary>
internal static class UpgradeCommand
{
    private const string FromBin = "--from-bin";
    private const string Usage = $"usage: upgrade [{FromBin} DIR]";

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">The arguments after <c>upgrade</c>.</param>
    /// <param name="directory">The data directory.</param>
    /// <param name="options">The settings of the embedded PostgreSQL.</param>
    /// <param name="progress">Logs the progress.</param>
    /// <returns>The line to print.</returns>
    /// <exception cref="StartupException">The arguments are invalid, or the command was interrupted.</exception>
    /// <exception cref="EmbeddedPostgresException">The database was not upgraded.</exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> arguments,
        DataDirectory directory,
        EmbeddedPostgresOptions options,
        ILogger progress
    )
    {
        var oldBinDirectory = arguments switch
        {
            [] => null,
            [FromBin, { Length: > 0 } path] when !path.StartsWith('-') => path,
            _ => throw new StartupException(Usage),
        };
        using var interruption = new Interruption();
        try
        {
            return
                await DatabaseUpgrade.RunAsync(directory, options, oldBinDirectory, progress, interruption.Token)
                    is { } upgrade
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"The upgrade is complete: PostgreSQL {upgrade.NewMajor} has the {upgrade.Runs} runs. "
                        + $"Start the service. The database of PostgreSQL {upgrade.OldMajor} is in "
                        + $"{upgrade.KeptPath}; delete it when the service works as before."
                )
                : "The upgrade is complete: its last step, which was interrupted before, is done. Start the service.";
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            throw new StartupException("The upgrade was interrupted, and the ledger was not changed; run it again.");
        }
    }
}
