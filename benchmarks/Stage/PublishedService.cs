using System.Security.Cryptography;

namespace IndustryData.Benchmarks.Stage;

/// <summary>
/// The service as <c>dotnet publish</c> makes it, in a folder below <c>artifacts/benchmarks</c> that is thrown away.
/// </summary>
internal sealed class PublishedService : IDisposable
{
    // Locked: a lock file that does not fit is an error, instead of being rewritten.
    private static readonly string[] _options =
    [
        "-p:RestoreLockedMode=true",
        "--nologo",
        "-v",
        "quiet",
        "--disable-build-servers",
    ];

    // As long as SHA-256's own output: what the README tells to make.
    private readonly string _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly string _folder;

    private PublishedService(string folder, bool isPresent) => (_folder, IsPresent) = (folder, isPresent);

    /// <summary>Whether it is the version of this checkout.</summary>
    public bool IsPresent { get; }

    /// <summary>
    /// Publishes the service of a checkout. Of the checkout only its folder <c>artifacts</c> changes.
    /// </summary>
    /// <param name="checkout">The folder of the checkout.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BenchmarkException">
    /// The folder is no checkout of this repository, or does not build.
    /// </exception>
    public static async Task<PublishedService> PublishAsync(string checkout, CancellationToken cancellationToken)
    {
        var project = Checkout.ServiceProject(checkout);
        var name = $"published-{System.Environment.ProcessId}-{Guid.NewGuid():N}";
        var folder = Directory.CreateDirectory(Path.Combine(Checkout.Folder, "artifacts", "benchmarks", name)).FullName;
        var service = new PublishedService(folder, checkout == Checkout.Folder);
        try
        {
            // The checkout's global.json says which SDK builds it.
            string[] arguments = ["publish", project, "-c", "Release", "-o", service._folder, .. _options];
            await ChildProcess.RunAsync(new("dotnet", arguments) { WorkingDirectory = checkout }, cancellationToken);
            return service;
        }
        catch
        {
            service.Dispose();
            throw;
        }
    }

    /// <summary>Gives a database the schema of this version, by the service's own command.</summary>
    public Task MigrateAsync(RunDatabase database, CancellationToken cancellationToken) =>
        ChildProcess.RunAsync(ChildProcess.DotNet(Assembly, ["migrate"], Environment(database)), cancellationToken);

    /// <summary>Starts it on a database.</summary>
    public Task<WebProgram> StartAsync(RunDatabase database, CancellationToken cancellationToken) =>
        WebProgram.StartAsync(
            ChildProcess.DotNet(Assembly, [], Environment(database)),
            "/health/ready",
            cancellationToken
        );

    /// <summary>A token with every permission, made by the service's own command.</summary>
    public async Task<string> TokenAsync(RunDatabase database, Guid tenant, CancellationToken cancellationToken) =>
        (
            await ChildProcess.RunAsync(
                ChildProcess.DotNet(Assembly, ["token", "--tenant", $"{tenant}"], Environment(database)),
                cancellationToken
            )
        ).Trim();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Assembly => Path.Combine(_folder, "IndustryData.WebApi.dll");

    private Dictionary<string, string> Environment(RunDatabase database) =>
        new()
        {
            ["ConnectionStrings__IndustryData"] = database.ConnectionString,
            ["Authentication__SigningKeys__0"] = _key,
        };
}
