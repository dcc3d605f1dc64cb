using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IndustryData.Infrastructure.FaultTests.Loading;

/// <summary>Sends requests of one tenant. A missing response is a result, not an exception.</summary>
internal sealed class Caller : IDisposable
{
    /// <summary>The tenant that disturbs the other one, or the only tenant.</summary>
    public static readonly Guid TenantA = new("aaaaaaaa-0000-4000-8000-000000000001");

    /// <summary>The tenant that must not be disturbed.</summary>
    public static readonly Guid TenantB = new("bbbbbbbb-0000-4000-8000-000000000002");

    // PostgreSQL compresses large values and its WAL. Only incompressible data fills a disk.
    private static readonly string _incompressible = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64 * 1024));

    private readonly HttpClient _client;

    public Caller(Uri root, Guid tenant, TimeSpan? timeout = null)
    {
        Tenant = tenant;
        Root = root;
        _client = new HttpClient { Timeout = timeout ?? TimeSpan.FromSeconds(60) };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token(tenant));
    }

    public Guid Tenant { get; }

    /// <summary>The root URL of the service. It may change when the service restarts.</summary>
    public Uri Root { get; set; }

    /// <summary>Returns a token with every permission.</summary>
    public static string Token(Guid tenant) => Tokens.Make(tid: tenant.ToString());

    /// <summary>Returns the body of a run.</summary>
    /// <param name="name">The name of the run.</param>
    /// <param name="statisticsBytes">The approximate size of its statistics, in bytes.</param>
    public static string RunBody(string name, int statisticsBytes = 0)
    {
        var log = statisticsBytes == 0 ? "" : $"\"log\":\"{_incompressible[..statisticsBytes]}\"";
        return $$"""
            {"displayName":"{{name}}","startDateTime":"2026-11-22T02:00:00Z","endDateTime":"2026-11-22T02:41:07Z",
            "status":"completed","statistics":{ {{log}} } }
            """;
    }

    /// <summary>Adds a run.</summary>
    public Task<ResponseDescription> PostRunAsync(string name, string? key = null, int statisticsBytes = 0) =>
        SendAsync(HttpMethod.Post, "process/runs/$ref", RunBody(name, statisticsBytes), key);

    /// <summary>Sends a GET request.</summary>
    public Task<ResponseDescription> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>Sends a request and waits for its response.</summary>
    public async Task<ResponseDescription> SendAsync(
        HttpMethod method,
        string path,
        string? body = null,
        string? key = null
    )
    {
        var sentAt = Stopwatch.GetTimestamp();
        var isWrite = method != HttpMethod.Get;
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(Root, path));
            if (body is not null)
            {
                request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            }

            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }

            using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var (code, message) = response.IsSuccessStatusCode ? ("", "") : ReadError(text);
            var id = response.Headers.Location?.Segments[^1] ?? "";
            return new ResponseDescription(
                sentAt,
                Stopwatch.GetElapsedTime(sentAt),
                (int)response.StatusCode,
                isWrite,
                code,
                id,
                message
            );
        }
        catch (Exception exception)
            when (exception is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            return new ResponseDescription(
                sentAt,
                Stopwatch.GetElapsedTime(sentAt),
                0,
                isWrite,
                Text: exception.Message
            );
        }
    }

    public void Dispose() => _client.Dispose();

    private static (string Code, string Message) ReadError(string text)
    {
        try
        {
            var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
            var inner = error.GetProperty("innerError");
            var code = inner.TryGetProperty("code", out var cause)
                ? cause.GetString()
                : error.GetProperty("code").GetString();
            return (code!, error.GetProperty("message").GetString()!);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException)
        {
            return ("", text);
        }
    }
}
