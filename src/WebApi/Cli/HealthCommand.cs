namespace IndustryData.WebApi.Cli;

/// <summary>The command <c>health</c>: checks that the running service is ready, for images without curl.</summary>
internal static class HealthCommand
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(5);

    /// <summary>Requests the readiness of the service and prints the response.</summary>
    /// <returns>The exit code: 0 if the service is ready, 1 if not.</returns>
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
