using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Live;

/// <summary>A stream of changes as a client reads it.</summary>
internal sealed class LiveStream : IDisposable
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(30);

    private readonly StreamReader _lines;

    private LiveStream(HttpResponseMessage response, Stream body) => (Response, _lines) = (response, new(body));

    public HttpResponseMessage Response { get; }

    /// <summary>The id of the last event that had one.</summary>
    public string? LastId { get; private set; }

    /// <summary>Sends a request for a stream and returns its response.</summary>
    public static Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        string query = "",
        string? lastId = null,
        string accept = "text/event-stream",
        CancellationToken? cancellation = null
    )
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"process/runs/delta{query}");
        request.Headers.Accept.ParseAdd(accept);
        if (lastId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        }

        return client.SendAsync(
            request,
            HttpCompletionOption.ResponseHeadersRead,
            cancellation ?? TestContext.Current.CancellationToken
        );
    }

    /// <summary>Opens a stream and reads its first event.</summary>
    public static async Task<LiveStream> OpenAsync(
        HttpClient client,
        string query = "",
        string? lastId = null,
        CancellationToken? cancellation = null
    )
    {
        var cancellationToken = cancellation ?? TestContext.Current.CancellationToken;
        var response = await SendAsync(client, query, lastId, cancellation: cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new HttpRequestException(body, null, response.StatusCode);
        }

        var stream = new LiveStream(response, await response.Content.ReadAsStreamAsync(cancellationToken));
        var first = await stream.ReadAsync(cancellationToken) ?? throw new IOException("The stream has no event.");
        first.Name.ShouldBe("ready");
        return stream;
    }

    /// <summary>Reads the next event.</summary>
    /// <returns>The event; null at the end of the stream.</returns>
    public async Task<LiveEvent?> ReadAsync(CancellationToken? cancellation = null)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(
            cancellation ?? TestContext.Current.CancellationToken
        );
        timeout.CancelAfter(_timeout);
        var (name, id, retry, data) = ("", (string?)null, (int?)null, "");
        while (await _lines.ReadLineAsync(timeout.Token) is { } line)
        {
            if (line.Length == 0)
            {
                LastId = id ?? LastId;
                return new LiveEvent(name, id, retry, data);
            }

            var value = line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            switch (line.Split(':')[0])
            {
                case "event":
                    name = value;
                    break;
                case "id":
                    id = value;
                    break;
                case "retry":
                    retry = int.Parse(value, null);
                    break;
                case "data":
                    data = value;
                    break;
                default:
                    throw new InvalidOperationException($"The stream has the line '{line}'.");
            }
        }

        return null;
    }

    /// <summary>Reads events until one has this name.</summary>
    public async Task<LiveEvent> ReadToAsync(string name)
    {
        using var timeout = new CancellationTokenSource(_timeout);
        while (await ReadAsync(timeout.Token) is { } read)
        {
            if (read.Name == name)
            {
                return read;
            }
        }

        throw new InvalidOperationException($"The stream ended without the event {name}.");
    }

    /// <summary>Reads events until one has an entry for a run.</summary>
    public async Task<(LiveEvent Event, System.Text.Json.JsonElement Entry)> ReadToRunAsync(string id)
    {
        using var timeout = new CancellationTokenSource(_timeout);
        while (await ReadAsync(timeout.Token) is { } read)
        {
            foreach (var entry in read.Entries.Where(e => e.Text("id") == id))
            {
                return (read, entry);
            }
        }

        throw new InvalidOperationException($"The stream ended without the run {id}.");
    }

    public void Dispose()
    {
        _lines.Dispose();
        Response.Dispose();
    }
}
