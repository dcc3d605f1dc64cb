using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IndustryData.Benchmarks.Environment;

/// <summary>
/// The service as published by <c>dotnet publish</c>. It is in a temporary directory in <c>artifacts/benchmarks</c>.
/// </summary>
internal sealed class PublishedService : IDisposable
{
    // In locked mode, a lock file that does not match is an error. Otherwise the restore would rewrite it.
    private static readonly string[] _options =
    [
        "-p:RestoreLockedMode=true",
        "--nologo",
        "-v",
        "quiet",
        "--disable-build-servers",
    ];

    // 32 bytes, which is the output size of SHA-256. The README recommends this size.
    private readonly string _key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private readonly string _folder;

    private PublishedService(string folder, bool isPresent) => (_folder, IsPresent) = (folder, isPresent);

    /// <summary>True if it is the version of this checkout.</summary>
    public bool IsPresent { get; }

    /// <summary>
    /// Publishes the service of a checkout. The operation changes only the directory <c>artifacts</c> of the checkout.
    /// </summary>
    /// <param name="checkout">The directory of the checkout.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="BenchmarkException">
    /// The directory is not a checkout of this repository, or the build fails.
    /// </exception>
    public static async Task<PublishedService> PublishAsync(string checkout, CancellationToken cancellationToken)
    {
        var project = Checkout.ServiceProject(checkout);
        var name = $"published-{System.Environment.ProcessId}-{Guid.NewGuid():N}";
        var folder = Directory.CreateDirectory(Path.Combine(Checkout.Folder, "artifacts", "benchmarks", name)).FullName;
        var service = new PublishedService(folder, checkout == Checkout.Folder);
        try
        {
            // The global.json of the checkout determines the SDK.
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

    /// <summary>Creates the schema of this version in a database with the command of the service.</summary>
    public Task MigrateAsync(RunDatabase database, CancellationToken cancellationToken) =>
        ChildProcess.RunAsync(ChildProcess.DotNet(Assembly, ["migrate"], Environment(database)), cancellationToken);

    /// <summary>Starts the service on a database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="settings">The settings of this process alone.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<WebProgram> StartAsync(
        RunDatabase database,
        IReadOnlyDictionary<string, string> settings,
        CancellationToken cancellationToken
    ) =>
        WebProgram.StartAsync(
            ChildProcess.DotNet(Assembly, [], Environment(database).Concat(settings).ToDictionary()),
            "/health/ready",
            cancellationToken
        );

    /// <summary>Creates a token with all permissions with the command of the service.</summary>
    public async Task<string> TokenAsync(RunDatabase database, Guid tenant, CancellationToken cancellationToken) =>
        (
            await ChildProcess.RunAsync(
                ChildProcess.DotNet(Assembly, ["token", "--tenant", $"{tenant}"], Environment(database)),
                cancellationToken
            )
        ).Trim();

    /// <summary>
    /// Creates tokens for many tenants. The command of the service makes the first one. The others are copies of it for
    /// the other tenants, because a process for each of them would take hours.
    /// </summary>
    public async Task<IReadOnlyList<string>> TokensAsync(
        RunDatabase database,
        IReadOnlyList<Guid> tenants,
        CancellationToken cancellationToken
    )
    {
        var parts = (await TokenAsync(database, tenants[0], cancellationToken)).Split('.');
        var claims = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1]));
        return [.. tenants.Select(Sign)];

        string Sign(Guid tenant)
        {
            var own = claims.Replace($"{tenants[0]}", $"{tenant}", StringComparison.Ordinal);
            var signed = $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(own))}";
            var signature = HMACSHA256.HashData(Convert.FromBase64String(_key), Encoding.ASCII.GetBytes(signed));
            return $"{signed}.{Base64Url.EncodeToString(signature)}";
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Assembly => Path.Combine(_folder, "IndustryData.WebApi.dll");

    private Dictionary<string, string> Environment(RunDatabase database) =>
        new()
        {
            ["ConnectionStrings__IndustryData"] = database.ConnectionString,
            ["Authentication__SigningKeys__0"] = _key,

            // The audit log goes to standard output, which is the default. Older versions ignore this setting.
            ["Metrics__Url"] = "http://127.0.0.1:0",
        };
}
