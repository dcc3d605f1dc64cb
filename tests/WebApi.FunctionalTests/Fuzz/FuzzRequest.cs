using System.Globalization;
using System.Text;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>A request as it goes over the wire. Texts are Latin-1: a character is a byte.</summary>
/// <param name="Method">The method, or what stands in its place.</param>
/// <param name="Target">The request target.</param>
internal sealed record FuzzRequest(string Method, string Target)
{
    /// <summary>Stands for the token in what is generated and printed.</summary>
    public const string Token = "@token@";

    // What the service itself refuses as too long is shorter.
    private const int LongestTarget = 60_000;

    // Kestrel refuses more than 32 KiB itself; the token that is put in is one of them.
    private const int LongestHeaders = 30_000;

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public byte[]? Body { get; init; }

    /// <summary>In bytes; 0 sends the body with its length instead.</summary>
    public int ChunkSize { get; init; }

    /// <summary>These bytes are sent instead: they need not be HTTP.</summary>
    public byte[]? Spoilt { get; init; }

    /// <summary>Whether the sender ends its side of the connection at once.</summary>
    public bool EndsEarly { get; init; }

    /// <summary>The statuses that are right; null when any refusal is.</summary>
    public int[]? Statuses { get; init; }

    /// <summary>
    /// Whether a server reads it as a request, so that the service and not the server itself answers.
    /// </summary>
    public bool IsHttp =>
        Spoilt is null
        && Target.Length < LongestTarget
        && Target.StartsWith('/')
        && Target.All(c => c is > ' ' and <= '~')
        && !Target.Split('?')[0].Contains("%00", StringComparison.Ordinal)
        && Headers.All(h => h.Value.All(c => c is >= ' ' and <= '~'))
        && Headers.Sum(h => h.Name.Length + h.Value.Length) < LongestHeaders;

    /// <summary>Whether it asks for a deletion, itself or in its body, in whatever chunks that is sent.</summary>
    public bool Deletes => $"{Method} {Latin(Body)}".Contains("DELETE", StringComparison.OrdinalIgnoreCase);

    public byte[] Bytes => Spoilt ?? Written();

    /// <summary>Every byte so that it can be read: what is no printable ASCII as <c>\xNN</c>.</summary>
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
