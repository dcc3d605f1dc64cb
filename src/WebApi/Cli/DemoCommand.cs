using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>demo [--tenant GUID] [--url URL]</c>: adds the sample runs of 90 days to a tenant, over the interface
/// that every client uses.
/// </summary>
internal static partial class DemoCommand
{
    private const string Usage = "usage: demo [--tenant GUID] [--url URL]";

    // A tenant with more runs is in use, or has the sample runs already.
    private const int MaxRunsBefore = 1000;

    private const int ConcurrentRequests = 16;
    private const int ProgressStep = 1000;

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">The arguments after <c>demo</c>.</param>
    /// <param name="serviceUrl">The URL of the service if the arguments do not name it.</param>
    /// <param name="tokens">The settings of tokens. The service must trust the same key.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="progress">Logs the progress.</param>
    /// <returns>The line to print.</returns>
    /// <exception cref="StartupException">
    /// The arguments are invalid, the service cannot be used, or the tenant has many runs.
    /// </exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> arguments,
        Func<Uri> serviceUrl,
        TokenOptions tokens,
        TimeProvider clock,
        ILogger progress
    )
    {
        var (tenant, url) = OptionPairs.ReadTenantAndUrl(arguments, Usage);
        using var interruption = new Interruption();
        using var client = new HttpClient { BaseAddress = url ?? serviceUrl() };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer",
            TokenCommand.CreateToken(["--tenant", $"{tenant}"], tokens, clock)
        );
        try
        {
            var count = await SendAsync(client, HttpMethod.Get, "process/runs/$count", interruption.Token);
            if (!long.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var before))
            {
                throw new StartupException($"{client.BaseAddress} is not this service; name its URL with --url.");
            }

            if (before >= MaxRunsBefore)
            {
                throw new StartupException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Tenant {tenant} has {before:N0} runs already; name another one with --tenant."
                    )
                );
            }

            var added = await AddAsync(client, [.. SampleRuns.Create(clock.GetUtcNow())], progress, interruption.Token);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"Added {added:N0} runs of {SampleRuns.Days} days to tenant {tenant}."
            );
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            throw new StartupException(
                $"The command was interrupted. Tenant {tenant} keeps the runs that were added; "
                    + "name another one with --tenant to begin again."
            );
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            throw new StartupException(
                $"{client.BaseAddress} cannot be used ({exception.Message}); start the service, or name its URL with "
                    + "--url."
            );
        }
    }

    private static async Task<int> AddAsync(
        HttpClient client,
        IReadOnlyList<JsonObject> runs,
        ILogger progress,
        CancellationToken cancellationToken
    )
    {
        var added = 0;
        await Parallel.ForEachAsync(
            runs,
            new ParallelOptions { MaxDegreeOfParallelism = ConcurrentRequests, CancellationToken = cancellationToken },
            async (run, cancellation) =>
            {
                await SendAsync(client, HttpMethod.Post, "process/runs/$ref", cancellation, run);
                if (Interlocked.Increment(ref added) is var count && count % ProgressStep == 0)
                {
                    LogProgress(progress, count, runs.Count);
                }
            }
        );
        return added;
    }

    /// <summary>Sends a request and returns the body of the response.</summary>
    private static async Task<string> SendAsync(
        HttpClient client,
        HttpMethod method,
        string path,
        CancellationToken cancellationToken,
        JsonObject? run = null
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (run is not null)
        {
            request.Content = new StringContent(run.ToJsonString(), Encoding.UTF8, MediaTypes.Json);
        }

        using var response = await client.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return text;
        }

        throw new StartupException(
            response.StatusCode == HttpStatusCode.Unauthorized
                ? $"{client.BaseAddress} does not accept this program's tokens; use the same signing key, or the same "
                    + "DataDirectory."
                : $"{client.BaseAddress} answered {(int)response.StatusCode}: {text}"
        );
    }

    [LoggerMessage(LogLevel.Information, "{Added} of {All} runs")]
    private static partial void LogProgress(ILogger logger, int added, int all);
}
