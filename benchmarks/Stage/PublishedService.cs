using System.Security.Cryptography;

namespace IndustryData.Benchmarks.Stage;

/// <summary>The service as <c>dotnet publish</c> makes it, in a folder that is thrown away.</summary>
internal sealed class PublishedService : IDisposable
{
    // As long as SHA-256's own output: what the README tells to make.
    private readonly string _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly string _folder;

    private PublishedService(string folder) => _folder = folder;

    /// <summary>Publishes the service of this checkout.</summary>
    public static async Task<PublishedService> PublishAsync(CancellationToken cancellationToken)
    {
        var service = new PublishedService(Directory.CreateTempSubdirectory("industrydata-published-").FullName);
        await ChildProcess.RunAsync(
            new("dotnet", ["publish", Path.Combine(Checkout.Folder, "src", "WebApi"), "-c", "Release", "-o", service._folder, "--nologo", "-v", "quiet", "--disable-build-servers"]),
            cancellationToken);
        return service;
    }

    /// <summary>Starts it on a database.</summary>
    public Task<WebProgram> StartAsync(RunDatabase database, CancellationToken cancellationToken) =>
        WebProgram.StartAsync(ChildProcess.DotNet(Assembly, [], Environment(database)), "/health/ready", cancellationToken);

    /// <summary>A token with every permission, made by the service's own command.</summary>
    public async Task<string> TokenAsync(RunDatabase database, Guid tenant, CancellationToken cancellationToken) =>
        (await ChildProcess.RunAsync(ChildProcess.DotNet(Assembly, ["token", "--tenant", $"{tenant}"], Environment(database)), cancellationToken)).Trim();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Assembly => Path.Combine(_folder, "IndustryData.WebApi.dll");

    private Dictionary<string, string> Environment(RunDatabase database) => new()
    {
        ["ConnectionStrings__IndustryData"] = database.ConnectionString,
        ["Authentication__SigningKeys__0"] = _key,
    };
}
