using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace IndustryData.Dashboard.Shell;

/// <summary>
/// The styles, scripts and icons of the pages. They are embedded in the assembly. Their URLs contain a hash of all
/// assets, so that browsers can cache them for a year.
/// </summary>
internal sealed class EmbeddedAssets
{
    private const string Prefix = "Assets/";

    private static readonly Dictionary<string, string> _mediaTypes = new()
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    private static readonly Lazy<(FrozenDictionary<string, Asset> Assets, string Hash)> _embedded = new(Load);

    private readonly FrozenDictionary<string, Asset> _assets;

    public EmbeddedAssets() => (_assets, Hash) = _embedded.Value;

    /// <summary>The hash of all assets.</summary>
    public string Hash { get; }

    /// <summary>Writes an asset. An unknown hash or name results in 404.</summary>
    public async Task WriteAsync(HttpContext http)
    {
        var values = http.Request.RouteValues;
        if (values["hash"] as string != Hash || !_assets.TryGetValue(values["name"] as string ?? "", out var asset))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var (content, encoding) = asset.For(http.Request.Headers.AcceptEncoding.ToString());
        var headers = http.Response.Headers;
        headers.CacheControl = "public, max-age=31536000, immutable";
        headers.Vary = HeaderNames.AcceptEncoding;
        headers.ContentEncoding = encoding;
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        http.Response.ContentType = asset.MediaType;
        http.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(content, http.RequestAborted);
        }
    }

    private static (FrozenDictionary<string, Asset> Assets, string Hash) Load()
    {
        var assembly = typeof(EmbeddedAssets).Assembly;
        var assets = new Dictionary<string, Asset>();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!resource.StartsWith(Prefix, StringComparison.Ordinal))
            {
                continue;
            }

            using var stream = assembly.GetManifestResourceStream(resource)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            hash.AppendData(Encoding.UTF8.GetBytes(resource));
            hash.AppendData(content);
            assets.Add(resource[Prefix.Length..], new Asset(_mediaTypes[Path.GetExtension(resource)], content));
        }

        return (assets.ToFrozenDictionary(), Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8)));
    }

    private static byte[] Brotli(byte[] content) =>
        Compress(content, output => new BrotliStream(output, CompressionLevel.SmallestSize));

    private static byte[] Gzip(byte[] content) =>
        Compress(content, output => new GZipStream(output, CompressionLevel.SmallestSize));

    private static byte[] Compress(byte[] content, Func<Stream, Stream> compressor)
    {
        using var output = new MemoryStream();
        using (var stream = compressor(output))
        {
            stream.Write(content);
        }

        return output.ToArray();
    }

    private sealed class Asset(string mediaType, byte[] content)
    {
        // The compression takes most of the time of a start, so that the first request for an asset compresses it.
        private readonly Lazy<byte[]> _brotli = new(() => Brotli(content));
        private readonly Lazy<byte[]> _gzip = new(() => Gzip(content));

        public string MediaType => mediaType;

        public (byte[] Content, string? Encoding) For(string accepted) =>
            accepted.Contains("br", StringComparison.OrdinalIgnoreCase) ? (_brotli.Value, "br")
            : accepted.Contains("gzip", StringComparison.OrdinalIgnoreCase) ? (_gzip.Value, "gzip")
            : (content, null);
    }
}
