using System.IO.Compression;
using System.Text.RegularExpressions;
using IndustryData.Dashboard.Shell;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard.UnitTests;

public sealed partial class EmbeddedAssetsTests
{
    private readonly EmbeddedAssets _assets = new();

    [Theory]
    [InlineData("br", "gzip, deflate, br")]
    [InlineData("gzip", "gzip")]
    [InlineData(null, "identity")]
    [InlineData(null, "")]
    public async Task Asset_is_sent_in_the_best_encoding_that_the_browser_accepts(string? encoding, string accepted)
    {
        var (http, body) = await GetAsync(_assets.Hash, "ui.css", accepted);

        http.Response.StatusCode.ShouldBe(200);
        http.Response.Headers.ContentEncoding.ToString().ShouldBe(encoding ?? "");
        http.Response.Headers.Vary.ToString().ShouldBe("Accept-Encoding");
        http.Response.ContentLength.ShouldBe(body.Length);
        await using Stream text = encoding switch
        {
            "br" => new BrotliStream(new MemoryStream(body), CompressionMode.Decompress),
            "gzip" => new GZipStream(new MemoryStream(body), CompressionMode.Decompress),
            _ => new MemoryStream(body),
        };
        using var reader = new StreamReader(text);
        (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).ShouldContain(":root {");
    }

    [Theory]
    [InlineData("0123456789abcdef", "ui.css")]
    [InlineData("", "ui.css")]
    [InlineData(null, "ui.css")]
    public async Task Another_hash_is_404_and_not_cached(string? hash, string name) =>
        await ShouldBe404Async(hash, name);

    [Theory]
    [InlineData("nothing.css")]
    [InlineData("../ui.css")]
    [InlineData("Assets/ui.css")]
    [InlineData("UI.CSS")]
    [InlineData("")]
    [InlineData(null)]
    public async Task Another_name_is_404_and_not_cached(string? name) => await ShouldBe404Async(_assets.Hash, name);

    [Fact]
    public async Task Every_module_that_a_script_imports_is_an_asset()
    {
        var names = typeof(DashboardEndpoints).Assembly.GetManifestResourceNames().Where(n => n.EndsWith(".js"));
        var imports = 0;
        foreach (var name in names.Select(n => n["Assets/".Length..]))
        {
            var (_, body) = await GetAsync(_assets.Hash, name, "");
            foreach (
                var import in Imports().Matches(System.Text.Encoding.UTF8.GetString(body)).Select(m => m.Groups[1])
            )
            {
                imports++;
                var (http, _) = await GetAsync(_assets.Hash, import.Value, "");
                http.Response.ContentType.ShouldBe("text/javascript; charset=utf-8", $"{name} imports {import.Value}");
            }
        }

        imports.ShouldBePositive();
    }

    private async Task ShouldBe404Async(string? hash, string? name)
    {
        var (http, body) = await GetAsync(hash, name, "br");

        http.Response.StatusCode.ShouldBe(404);
        http.Response.Headers.CacheControl.ShouldBeEmpty();
        body.ShouldBeEmpty();
    }

    private async Task<(HttpContext Http, byte[] Body)> GetAsync(string? hash, string? name, string accepted)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = "GET";
        http.Request.RouteValues["hash"] = hash;
        http.Request.RouteValues["name"] = name;
        http.Request.Headers.AcceptEncoding = accepted;
        using var body = new MemoryStream();
        http.Response.Body = body;
        await _assets.WriteAsync(http);
        return (http, body.ToArray());
    }

    [GeneratedRegex(@"^import\s+(?:.*?from\s+)?'\./([^']+)'", RegexOptions.Multiline)]
    private static partial Regex Imports();
}
