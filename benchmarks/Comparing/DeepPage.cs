using System.Net.Http.Headers;
using System.Text.Json;

namespace IndustryData.Benchmarks.Comparing;

/// <summary>Finds a page near the end of a list by following the links of the list.</summary>
internal static class DeepPage
{
    // The default and the maximum page size of the list.
    private const int PageSize = 100;
    private const int LargestPage = 1000;

    private const int Deepest = 100_000;

    /// <summary>Follows the links with the maximum page size.</summary>
    /// <returns>The number of the page, starting at 1, and its path.</returns>
    public static async Task<(int Number, string Path)> FindAsync(
        DeployedService service,
        string list,
        int rows,
        CancellationToken cancellationToken
    )
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{service.Program.Port}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", service.Token);
        client.DefaultRequestHeaders.Add("Prefer", $"odata.maxpagesize={LargestPage}");
        var steps = Math.Min(rows / PageSize, Deepest) * PageSize / LargestPage - 1;
        var path = list;
        for (var step = 0; step < steps; step++)
        {
            using var page = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            page.EnsureSuccessStatusCode();
            using var json = await JsonDocument.ParseAsync(
                await page.Content.ReadAsStreamAsync(cancellationToken),
                cancellationToken: cancellationToken
            );
            path = new Uri(json.RootElement.GetProperty("@odata.nextLink").GetString()!).PathAndQuery;
        }

        return (steps * LargestPage / PageSize + 1, path);
    }
}
