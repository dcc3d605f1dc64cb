using System.Globalization;
using System.Net.Http.Headers;
using IndustryData.Application;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.Runs;
using IndustryData.WebApi.Security;
using Mediator;
using Npgsql;

namespace IndustryData.WebApi.Cli;

/// <summary>Adds the runs of a file.</summary>
internal interface IImport
{
    /// <summary>Adds the runs of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="label">A text that distinguishes the import from another one of the same lines.</param>
    /// <param name="maxErrors">The number of refused lines after which the import stops with the next portion.</param>
    /// <param name="cancellationToken">Cancels the import between two portions.</param>
    Task RunAsync(ImportFile file, string label, long maxErrors, CancellationToken cancellationToken);
}

/// <summary>
/// The command <c>import FILE…</c>: adds the runs of files. A line is what the body of a request would be. Refused
/// lines are written with their errors, and the import continues.
/// </summary>
internal static class ImportCommand
{
    /// <summary>The name of the environment variable with the token for the service.</summary>
    public const string TokenVariable = "INDUSTRYDATA_TOKEN";

    /// <summary>The error of a line that is too long.</summary>
    public static readonly Error TooLong = new(
        ErrorKind.Validation,
        "bodyTooLarge",
        $"The line is over {ImportFile.MaxLineBytes >> 20} MiB; shorten it."
    );

    /// <summary>Imports over the interface of a service.</summary>
    /// <param name="options">The arguments.</param>
    /// <param name="configuration">The configuration, which may have the token.</param>
    /// <param name="tokens">The settings of tokens, to create a token if none is named.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>The line to print, and whether all lines were imported.</returns>
    /// <exception cref="StartupException">The import ended early.</exception>
    public static async Task<(string Summary, bool IsComplete)> RunAsync(
        ImportOptions options,
        IConfiguration configuration,
        TokenOptions tokens,
        TimeProvider clock
    )
    {
        using var client = new HttpClient { BaseAddress = options.Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            options.TokenPath is { } path ? await ReadTokenAsync(path)
                : configuration[TokenVariable] is { Length: > 0 } token ? token
                : TokenCommand.CreateToken(["--tenant", $"{options.TenantId.Value}"], tokens, clock)
        );
        return await RunAsync(
            options,
            (progress, refused) => new ServiceImport(client, clock, progress, refused),
            clock
        );
    }

    /// <summary>Imports into a database.</summary>
    /// <param name="options">The arguments.</param>
    /// <param name="connectionString">The connection string of the owner of the tables.</param>
    /// <param name="configuration">The configuration.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>The line to print, and whether all lines were imported.</returns>
    /// <exception cref="StartupException">The import ended early.</exception>
    public static async Task<(string Summary, bool IsComplete)> RunAsync(
        ImportOptions options,
        string connectionString,
        IConfiguration configuration,
        TimeProvider clock
    )
    {
        await using var services = CommandServices.Build(connectionString, configuration, clock);
        var reader = new RunLineReader(services.GetRequiredService<IMessageValidator<AddRunCommand>>());
        try
        {
            return await RunAsync(
                options,
                (progress, refused) =>
                    new DatabaseImport(
                        services.GetRequiredService<ISender>(),
                        reader,
                        options.TenantId,
                        progress,
                        refused
                    ),
                clock
            );
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            throw new StartupException(
                "The database lacks the schema of this version: run migrate first, or restart the service."
            );
        }
        catch (NpgsqlException exception)
        {
            throw new StartupException(
                $"The database cannot be used ({exception.Message}); run the same command again when it is ready, "
                    + "to add the other lines."
            );
        }
    }

    private static async Task<(string Summary, bool IsComplete)> RunAsync(
        ImportOptions options,
        Func<ImportProgress, RefusedLines, IImport> create,
        TimeProvider clock
    )
    {
        using var interruption = new Interruption();
        using var refused = RefusedLines.Open(options.RefusedPath);
        await using var progress = new ImportProgress(options.Files.Count, clock);
        var import = create(progress, refused);
        var maxErrors = options.MaxErrors ?? long.MaxValue;
        try
        {
            foreach (var name in options.Files)
            {
                using var file = await ImportFile.OpenAsync(name, interruption.Token);
                progress.Begin(file);
                await import.RunAsync(file, options.Label, maxErrors, interruption.Token);
                if (progress.Refused > maxErrors)
                {
                    throw new StartupException(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"The import stopped, because more than {maxErrors:N0} lines were refused. {progress}."
                        )
                    );
                }
            }

            return ($"{progress}.", progress.Refused == 0);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            throw new StartupException(
                $"The import was interrupted. {progress}. Run the same command again to add the other lines."
            );
        }
    }

    private static async Task<string> ReadTokenAsync(string path)
    {
        try
        {
            return (await File.ReadAllTextAsync(path)).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{path} cannot be read: {exception.Message}");
        }
    }
}
