namespace IndustryData.WebApi.Commands;

/// <summary><c>health</c>: asks the running service whether it serves, for images that have no curl.</summary>
internal static class HealthCommand
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    /// <summary>Exit code 0 when it serves.</summary>
    public static async Task<int> RunAsync(IConfiguration configuration)
    {
        using var client = new HttpClient { Timeout = _timeout };
        try
        {
            using var response = await client.GetAsync(new Uri(ListenUrls.Url(configuration), "/health/ready"));
            Console.WriteLine(await response.Content.ReadAsStringAsync());
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            throw new StartupException($"The service does not answer ({exception.Message}); start it.");
        }
    }
}
