using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using IndustryData.Benchmarks.Comparing;

namespace IndustryData.Benchmarks.Pages;

/// <summary>Requests pages as a browser does: compressed, and one after the other over one connection.</summary>
internal sealed partial class PageClient : IDisposable
{
    private readonly HttpClient _client;

    public PageClient(DeployedService service)
    {
        _client = new HttpClient
        {
            BaseAddress = new Uri($"http://127.0.0.1:{service.Program.Port}"),
            Timeout = TimeSpan.FromMinutes(5),
        };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", service.Token);
        _client.DefaultRequestHeaders.AcceptEncoding.ParseAdd("gzip");
    }

    /// <summary>Requests a page and reads it to its end.</summary>
    /// <exception cref="BenchmarkException">The status is not 200, or the page is not compressed.</exception>
    public async Task<CompressedPage> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await OpenAsync(path, cancellationToken);
        return new CompressedPage(await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }

    /// <summary>Requests a page. The caller reads it.</summary>
    /// <inheritdoc cref="GetAsync" path="/exception" />
    public async Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var response = await _client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentEncoding.Contains("gzip"))
        {
            return response;
        }

        using (response)
        {
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new BenchmarkException(
                $"{path} is not a compressed page: {(int)response.StatusCode} {body[..Math.Min(body.Length, 400)]}"
            );
        }
    }

    /// <summary>Sends a run or an activity and returns its path.</summary>
    public async Task<string> AddAsync(string path, string body, CancellationToken cancellationToken)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync(path, content, cancellationToken);
        return response.StatusCode == HttpStatusCode.Created
            ? response.Headers.Location!.AbsolutePath
            : throw new BenchmarkException($"{path} was refused with {(int)response.StatusCode}: {body}");
    }

    /// <summary>Follows the links to older runs.</summary>
    /// <param name="path">The path of the first page.</param>
    /// <param name="steps">The number of links to follow.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>The path of the last page.</returns>
    public async Task<string> FollowAsync(string path, int steps, CancellationToken cancellationToken)
    {
        for (var step = 0; step < steps; step++)
        {
            var page = (await GetAsync(path, cancellationToken)).Text;
            path = NextLink().Match(page) is { Success: true } link
                ? WebUtility.HtmlDecode(link.Groups[1].Value)
                : throw new BenchmarkException($"Page {step + 1} of {path} has no link to older runs.");
        }

        return path;
    }

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("rel=\"next\" href=\"([^\"]+)\"")]
    private static partial Regex NextLink();
}

/// <summary>A page as it was sent.</summary>
/// <param name="Bytes">The compressed bytes.</param>
internal sealed record CompressedPage(byte[] Bytes)
{
    /// <summary>The HTML.</summary>
    public string Text
    {
        get
        {
            using var compressed = new MemoryStream(Bytes);
            using var reader = new StreamReader(new GZipStream(compressed, CompressionMode.Decompress));
            return reader.ReadToEnd();
        }
    }
}
