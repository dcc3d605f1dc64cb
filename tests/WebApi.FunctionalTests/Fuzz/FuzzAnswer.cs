using System.Globalization;
using System.Text;
using System.Text.Json;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>A response as it was received over the wire.</summary>
internal sealed record FuzzAnswer(int Status, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    // Texts that would reveal internals in a response: exceptions, stack traces, SQL, paths.
    private static readonly string[] _inside =
    [
        "Npgsql",
        "System.",
        "Microsoft.AspNetCore",
        "Microsoft.OData",
        "Exception",
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "/src/",
        ".cs:line",
        "   at ",
    ];

    public string Text => Encoding.UTF8.GetString(Body);

    public string? this[string header] =>
        Headers.FirstOrDefault(h => h.Name.Equals(header, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Returns the complete responses on a connection. An incomplete response is left out.</summary>
    public static IEnumerable<FuzzAnswer> ReadAll(byte[] bytes)
    {
        while (bytes.AsSpan().IndexOf("\r\n\r\n"u8) is var end and >= 0)
        {
            var lines = FuzzRequest.Latin(bytes.AsSpan(0, end)).Split("\r\n");
            var headers = lines
                .Skip(1)
                .Select(l => l.Split(": ", 2))
                .Select(l => (l[0], l.ElementAtOrDefault(1) ?? ""))
                .ToList();
            var answer = new FuzzAnswer(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, []);
            var rest = bytes[(end + 4)..];
            if (answer.Status < 200)
            {
                // 100 Continue is not the response yet. No response follows if the caller shuts down instead.
                bytes = rest;
                continue;
            }

            var isChunked = answer["Transfer-Encoding"] == "chunked";
            var length = isChunked ? Chunked(rest, out var body) : Length(answer, rest, out body);
            if (length < 0)
            {
                yield break;
            }

            yield return answer with
            {
                Body = body,
            };
            bytes = rest[length..];
        }
    }

    /// <summary>Returns the fault of the response; null if there is none.</summary>
    public string? FaultOf(FuzzRequest request)
    {
        if (request.Statuses is { } right && !right.Contains(Status))
        {
            return $"the status is {Status}, not {string.Join(" or ", right)}";
        }

        // 501 is the status of known requests that the service does not support. The server returns 505 for other
        // versions of HTTP. 507 is the status of a response that is too long for a batch.
        if (Status >= 500 && Status is not 501 && (request.IsHttp || Status != 505))
        {
            return $"the status is {Status}";
        }

        if (this["request-id"] is not { } id)
        {
            return !request.IsHttp && Body.Length == 0 && Status >= 400 ? null : "there is no request-id";
        }

        if (Body.Length == 0)
        {
            return Status < 400 || request.Method == "HEAD" || request.Mutated is not null
                ? null
                : "the error response is empty";
        }

        if (Status is 204 or 304)
        {
            return "there is a body";
        }

        JsonElement json;
        try
        {
            if (this["Content-Type"]?.StartsWith("application/json", StringComparison.Ordinal) != true)
            {
                return Status < 400 ? null : "the error response is not JSON";
            }

            json = JsonDocument.Parse(Body).RootElement;
        }
        catch (JsonException exception)
        {
            return $"the body is not JSON: {exception.Message}";
        }

        return Status >= 400 ? FaultOf(json, id, request)
            : json.TryGetProperty("responses", out var items)
                ? items.EnumerateArray().Select(i => FaultOfItem(i, request)).FirstOrDefault(f => f is not null)
            : null;
    }

    private static string? FaultOfItem(JsonElement item, FuzzRequest request)
    {
        var status = item.GetProperty("status").GetInt32();
        return status >= 500 && status is not (501 or 507) ? $"the status of a request in the batch is {status}"
            : status < 400 ? null
            : FaultOf(
                item.GetProperty("body"),
                item.GetProperty("headers").GetProperty("request-id").GetString()!,
                request
            );
    }

    private static string? FaultOf(JsonElement json, string id, FuzzRequest request)
    {
        try
        {
            var error = json.GetProperty("error");
            var inner = error.GetProperty("innerError");
            if (
                error.GetProperty("code").GetString() is not { Length: > 0 }
                || error.GetProperty("message").GetString() is not { Length: > 0 }
                || inner.GetProperty("code").GetString() is not { Length: > 0 }
                || inner.GetProperty("request-id").GetString() != id
                || !DateTime.TryParse(inner.GetProperty("date").GetString(), CultureInfo.InvariantCulture, out _)
                || inner.GetProperty("client-request-id").GetString() is not { Length: > 0 }
            )
            {
                return "the error response lacks a required value";
            }

            // The response may repeat text of the request.
            var (text, sent) = (json.ToString(), Uri.UnescapeDataString(FuzzRequest.Latin(request.Bytes)));
            return
                _inside.FirstOrDefault(i =>
                    text.Contains(i, StringComparison.Ordinal) && !sent.Contains(i, StringComparison.Ordinal)
                )
                    is { } found
                ? $"the error response contains '{found}'"
                : null;
        }
        catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException)
        {
            return $"the error response is not in Graph's format: {exception.Message}";
        }
    }

    private static int Length(FuzzAnswer answer, byte[] rest, out byte[] body)
    {
        // Only the response to HEAD has a length without a body. Nothing follows it.
        var length = int.Parse(answer["Content-Length"] ?? "0", CultureInfo.InvariantCulture);
        body = rest.Length == 0 ? [] : rest.Take(length).ToArray();
        return rest.Length == 0 ? 0
            : rest.Length < length ? -1
            : length;
    }

    private static int Chunked(byte[] rest, out byte[] body)
    {
        using var whole = new MemoryStream();
        var at = 0;
        body = [];
        while (rest.AsSpan(at).IndexOf("\r\n"u8) is var end and >= 0)
        {
            var size = int.Parse(
                FuzzRequest.Latin(rest.AsSpan(at, end)),
                NumberStyles.HexNumber,
                CultureInfo.InvariantCulture
            );
            at += end + 2;
            if (at + size + 2 > rest.Length)
            {
                return -1;
            }

            whole.Write(rest, at, size);
            at += size + 2;
            if (size == 0)
            {
                body = whole.ToArray();
                return at;
            }
        }

        return rest.Length == 0 ? 0 : -1;
    }
}
