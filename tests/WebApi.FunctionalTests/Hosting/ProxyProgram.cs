namespace IndustryData.WebApi.FunctionalTests.Hosting;

/// <summary>A proxy of the distribution, such as nginx, in front of a service.</summary>
internal static class ProxyProgram
{
    /// <summary>
    /// Returns the path of a program; null if it is not installed. In CI, <c>./test</c> installs it, and a missing one
    /// is a failure: the name is returned, and its start fails.
    /// </summary>
    public static string? Find(string program)
    {
        var path = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/usr/local/sbin";
        var found = path.Split(':').Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
        return found is null && Environment.GetEnvironmentVariable("CI") is not (null or "") ? program : found;
    }

    /// <summary>Determines whether the service behind the proxy is ready.</summary>
    public static async Task<bool> IsReadyAsync(HttpClient client)
    {
        try
        {
            using var response = await client.GetAsync("health/ready", TestContext.Current.CancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // The proxy does not listen yet.
            return false;
        }
    }
}
