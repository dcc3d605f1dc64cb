using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Runs;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Imports files over the interface that every client uses. Each line is a request with an idempotency key, so that a
/// repetition within 24 hours adds nothing twice.
/// </summary>
/// <param name="client">The client with the URL of the service and the token.</param>
/// <param name="clock">The clock.</param>
/// <param name="progress">The counts.</param>
/// <param name="refused">Takes the refused lines.</param>
internal sealed class ServiceImport(
    HttpClient client,
    TimeProvider clock,
    ImportProgress progress,
    RefusedLines refused
) : IImport
{
    private const int ConcurrentRequests = 32;
    private const int MaxAttempts = 10;

    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    public async Task RunAsync(ImportFile file, string label, long maxErrors, CancellationToken cancellationToken)
    {
        await foreach (var lines in file.ReadAsync(label, cancellationToken))
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, lines.Count),
                new ParallelOptions
                {
                    MaxDegreeOfParallelism = ConcurrentRequests,
                    CancellationToken = cancellationToken,
                },
                async (i, cancellation) =>
                {
                    var line = lines[i];
                    var isAdded = line.Body is { } body && await SendAsync(file, line, body, cancellation);
                    if (line.Body is null)
                    {
                        refused.Add(file.Name, line.Number, ImportCommand.TooLong);
                    }

                    progress.Add(1, isAdded ? 1 : 0, 0, isAdded ? 0 : 1);
                }
            );
            refused.Flush();
            if (progress.Refused > maxErrors)
            {
                return;
            }
        }
    }

    /// <summary>Sends a line. A request that may succeed later is repeated.</summary>
    /// <returns>True if the run is added; false if the line was refused.</returns>
    private async Task<bool> SendAsync(
        ImportFile file,
        ImportedLine line,
        Memory<byte> body,
        CancellationToken cancellationToken
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            var pause = TimeSpan.FromSeconds(attempt);
            string reason;
            try
            {
                using var request = new HttpRequestMessage(
                    HttpMethod.Post,
                    new Uri("process/runs/$ref", UriKind.Relative)
                );
                request.Content = new ReadOnlyMemoryContent(body);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypes.Json);
                request.Headers.Add(
                    IdempotencyHeaders.KeyHeader,
                    RunLineReader.FindKey(body) ?? $"import-{line.Key:N}"
                );
                using var response = await client.SendAsync(request, cancellationToken);
                switch (response.StatusCode)
                {
                    case HttpStatusCode.NoContent:
                        return true;
                    case HttpStatusCode.BadRequest
                    or HttpStatusCode.RequestEntityTooLarge
                    or HttpStatusCode.UnprocessableEntity:
                        await AddRefusedAsync(file, line, response, cancellationToken);
                        return false;
                    case HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError:
                        pause = response.Headers.RetryAfter?.Delta ?? pause;
                        reason = $"answered {(int)response.StatusCode}";
                        break;
                    case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                        throw new StartupException(
                            $"{client.BaseAddress} answered {(int)response.StatusCode}: the token must be valid, and "
                                + "allow to write runs; name a file with one with --token-file."
                        );
                    default:
                        throw new StartupException(
                            $"{client.BaseAddress} answered {(int)response.StatusCode}; name the service with --url."
                        );
                }
            }
            catch (Exception exception)
                when (exception is HttpRequestException or TaskCanceledException
                    && !cancellationToken.IsCancellationRequested
                )
            {
                reason = $"cannot be used ({exception.Message})";
            }

            if (attempt == MaxAttempts)
            {
                throw new StartupException(
                    $"{client.BaseAddress} {reason} {MaxAttempts} times for line {line.Number} of {file.Name}; "
                        + "run the command again when the service is ready."
                );
            }

            await Task.Delay(pause < _longestPause ? pause : _longestPause, clock, cancellationToken);
        }
    }

    private async Task AddRefusedAsync(
        ImportFile file,
        ImportedLine line,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var answer = await JsonDocument.ParseAsync(content, cancellationToken: cancellationToken);
        var error = answer.RootElement.GetProperty("error");
        refused.Add(
            file.Name,
            line.Number,
            json =>
            {
                json.WritePropertyName("errors");
                if (error.TryGetProperty("details", out var details))
                {
                    details.WriteTo(json);
                    return;
                }

                json.WriteStartArray();
                json.WriteStartObject();
                json.WriteString("code", error.GetProperty("innerError").GetProperty("code").GetString());
                json.WriteString("message", error.GetProperty("message").GetString());
                json.WriteNull("target");
                json.WriteEndObject();
                json.WriteEndArray();
            }
        );
    }
}
