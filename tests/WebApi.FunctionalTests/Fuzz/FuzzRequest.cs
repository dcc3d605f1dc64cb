using System.Globalization;
using System.Text;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>A request as it is sent over the wire. Texts are Latin-1, so each character is one byte.</summary>
/// <param name="Method">The method, or the text in its place.</param>
/// <param name="Target">The request target.</param>
internal sealed record FuzzRequest(string Method, string Target)
{
    /// <summary>The placeholder for the token in generated and printed requests.</summary>
    public const string Token = "@token@";

    // The service's own limit for the length of a URL is lower.
    private const int LongestTarget = 60_000;

    // Kestrel itself refuses more than 32 KiB of headers, including the token that replaces the placeholder.
    private const int LongestHeaders = 30_000;

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public byte[]? Body { get; init; }

    /// <summary>The size of the chunks in bytes. 0 sends the body with a Content-Length instead.</summary>
    public int ChunkSize { get; init; }

    /// <summary>The bytes that are sent instead, which need not be HTTP.</summary>
    public byte[]? Mutated { get; init; }

    /// <summary>True if the sender shuts down its side of the connection immediately.</summary>
    public bool EndsEarly { get; init; }

    /// <summary>The correct statuses; null if any success or refusal is correct.</summary>
    public int[]? Statuses { get; init; }

    /// <summary>
    /// True if the server parses it as a request, so that the service responds and not the server itself.
    /// </summary>
    public bool IsHttp =>
        Mutated is null
        && Target.Length < LongestTarget
        && Target.StartsWith('/')
        && Target.All(c => c is > ' ' and <= '~')
        && !Target.Split('?')[0].Contains("%00", StringComparison.Ordinal)
        && Headers.All(h => h.Value.All(c => c is >= ' ' and <= '~'))
        && Headers.Sum(h => h.Name.Length + h.Value.Length) < LongestHeaders;

    /// <summary>True if the method or the body requests a deletion, independent of the chunks of the body.</summary>
    public bool Deletes => $"{Method} {Latin(Body)}".Contains("DELETE", StringComparison.OrdinalIgnoreCase);

    public byte[] Bytes => Mutated ?? Written();

    /// <summary>The request in readable form. Bytes other than printable ASCII appear as <c>\xNN</c>.</summary>
    public string Verbatim =>
        string.Concat(
            Latin(Bytes)
                .Select(c =>
                    c switch
                    {
                        '\\' => "\\\\",
                        '\n' => "\\n\n",
                        '\r' => "\\r",
                        >= ' ' and <= '~' => $"{c}",
                        _ => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                    }
                )
        );

    public static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);

    public static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private byte[] Written()
    {
        var head = new StringBuilder($"{Method} {Target} HTTP/1.1\r\n");
        foreach (var (name, value) in Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        var body = Body ?? [];
        if (Body is not null)
        {
            head.Append(ChunkSize > 0 ? "Transfer-Encoding: chunked\r\n" : $"Content-Length: {Body.Length}\r\n");
            body =
                ChunkSize > 0
                    ?
                    [
                        .. Body.Chunk(ChunkSize)
                            .SelectMany(c => (byte[])[.. Latin($"{c.Length:x}\r\n"), .. c, .. "\r\n"u8]),
                        .. "0\r\n\r\n"u8,
                    ]
                    : Body;
        }

        return [.. Latin(head.Append("\r\n").ToString()), .. body];
    }
}
