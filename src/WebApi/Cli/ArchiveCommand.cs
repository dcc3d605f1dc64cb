using System.Globalization;
using IndustryData.Application.Runs;
using IndustryData.WebApi.OData;
using Mediator;
using Npgsql;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>archive --before DATE --to FOLDER [--drop]</c>: writes the partitions of runs that ended before a
/// date to files, which <c>import</c> reads.
/// </summary>
internal static partial class ArchiveCommand
{
    private const string Usage = "usage: archive --before DATE --to FOLDER [--drop]";

    private static readonly TimeSpan _reportInterval = TimeSpan.FromSeconds(1);

    /// <summary>The arguments.</summary>
    internal sealed record Options(DateTimeOffset Before, string Folder, bool Drops);

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="StartupException">They are invalid.</exception>
    public static Options Read(IReadOnlyList<string> arguments)
    {
        var (before, folder, drops) = (default(DateTimeOffset?), default(string), false);
        for (var i = 0; i < arguments.Count; i++)
        {
            string Value() => ++i < arguments.Count ? arguments[i] : throw new StartupException(Usage);
            switch (arguments[i])
            {
                case "--before":
                    var text = Value();
                    before =
                        DateTimeOffsetParser.Parse(
                            text.Contains('T', StringComparison.Ordinal) ? text : $"{text}T00:00:00Z"
                        ) ?? throw new StartupException($"--before must be a date like 2026-01-01; {Usage}");
                    break;
                case "--to":
                    folder = Value();
                    break;
                case "--drop":
                    drops = true;
                    break;
                default:
                    throw new StartupException(Usage);
            }
        }

        return before is { } date && folder is { Length: > 0 }
            ? new Options(date, folder, drops)
            : throw new StartupException(Usage);
    }

    /// <summary>Runs the command.</summary>
    /// <param name="options">The arguments.</param>
    /// <param name="connectionString">The connection string of the owner of the tables.</param>
    /// <param name="configuration">The configuration.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="progress">Logs the progress.</param>
    /// <returns>The line to print.</returns>
    /// <exception cref="StartupException">The archive is not complete.</exception>
    public static async Task<string> RunAsync(
        Options options,
        string connectionString,
        IConfiguration configuration,
        TimeProvider clock,
        ILogger progress
    )
    {
        using var interruption = new Interruption();
        await using var services = CommandServices.Build(connectionString, configuration, clock);
        try
        {
            var archived = await services
                .GetRequiredService<ISender>()
                .Send(
                    new ArchiveRunsCommand(options.Before, options.Folder, options.Drops, new Reports(progress, clock)),
                    interruption.Token
                );
            if (!archived.TryGetValue(out var summary, out var error))
            {
                throw new StartupException(error.Message);
            }

            return string.Create(
                CultureInfo.InvariantCulture,
                $"The archive is complete: {summary.Archives.Count} partitions with "
                    + $"{summary.Archives.Sum(a => a.Runs):N0} runs in {options.Folder}, "
                    + $"{summary.Archives.Count(a => !a.IsNew)} of them from before, {summary.Dropped} dropped."
            );
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            throw new StartupException(
                "The archive was interrupted. Run the same command again: finished partitions are not written again."
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The archive cannot be written: {exception.Message}");
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new StartupException(
                "A partition could not be detached, because other transactions use it; run the same command again."
            );
        }
    }

    private sealed class Reports(ILogger logger, TimeProvider clock) : IProgress<ArchiveProgress>
    {
        private long _last = clock.GetTimestamp();

        public void Report(ArchiveProgress value)
        {
            if (clock.GetElapsedTime(_last) >= _reportInterval)
            {
                _last = clock.GetTimestamp();
                LogProgress(logger, value.Partition, value.Runs);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Partition {Partition}: {Runs} runs written")]
    private static partial void LogProgress(ILogger logger, string partition, long runs);
}
