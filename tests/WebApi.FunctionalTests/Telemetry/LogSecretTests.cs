using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.FunctionalTests.Security;
using Microsoft.AspNetCore.WebUtilities;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

/// <summary>Searches the output of the service, at the most detailed level, for what must not be in it.</summary>
public sealed class LogSecretTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string InBody = "secret-of-the-body";

    private static readonly (string, string)[] _mostDetailed =
    [
        ("Audit__Path", ""),
        ("Serilog__MinimumLevel__Default", "Verbose"),
        ("Serilog__MinimumLevel__Override__Microsoft.AspNetCore", "Verbose"),
        ("Serilog__MinimumLevel__Override__Microsoft.EntityFrameworkCore", "Verbose"),
        ("Serilog__MinimumLevel__Override__Npgsql", "Verbose"),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Most_detailed_log_contains_no_token_key_password_or_body()
    {
        var password = $"password-{Guid.NewGuid():N}";
        var token = Tokens.Make();
        var bad = Tokens.Make(key: Convert.ToBase64String(Guid.NewGuid().ToByteArray().Concat(new byte[32]).ToArray()));
        string output;
        await using (
            var service = await ServiceProcess.StartAsync([
                .. _mostDetailed,
                ("ConnectionStrings__IndustryData", await WithPasswordAsync(password)),
            ])
        )
        {
            service.Client.DefaultRequestHeaders.Authorization = new("Bearer", token);
            var body = Bodies.Run.Replace("Nightly rostering", InBody, StringComparison.Ordinal);
            (await PostAsync(service.Client, body)).ShouldBe(HttpStatusCode.Created);
            (await PostAsync(service.Client, $$"""{ "displayName": 1, "{{InBody}}": 2 }""")).ShouldBe(
                HttpStatusCode.BadRequest
            );
            (await PostAsync(service.Client, $"{{ {InBody}")).ShouldBe(HttpStatusCode.BadRequest);
            service.Client.DefaultRequestHeaders.Authorization = new("Bearer", bad);
            (await PostAsync(service.Client, body)).ShouldBe(HttpStatusCode.Unauthorized);
            await service.StopAsync();
            output = service.Output;
        }

        // The log is detailed, and the requests are in it.
        output.ShouldContain("\"action\":\"createRun\"");
        output.ShouldContain("AddRunCommand done");
        output.ShouldContain(database.IsDistributed ? "SELECT add_runs" : "INSERT INTO runs");
        foreach (var secret in (string[])[token, bad, Signature(token), Signature(bad), Tokens.Key, password, InBody])
        {
            output.ShouldNotContain(secret);
        }
    }

    /// <summary>The service reads the secret of the client from a file.</summary>
    [Fact]
    public async Task Most_detailed_log_of_a_sign_in_contains_no_secret_code_token_or_cookie()
    {
        using var folder = new TemporaryDirectory();
        var file = Path.Combine(folder.Path, "secret");
        await File.WriteAllTextAsync(file, IdentityProvider.ClientSecret, Cancellation);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
        }

        await using var provider = await IdentityProvider.StartAsync();
        List<string> secrets = [IdentityProvider.ClientSecret];
        string output;
        await using (
            var service = await ServiceProcess.StartAsync([
                .. _mostDetailed,
                ("ConnectionStrings__IndustryData", database.ConnectionString),
                .. provider
                    .Settings()
                    .Where(s => !s.Key.EndsWith("ClientSecret", StringComparison.Ordinal))
                    .Select(s => (s.Key.Replace(":", "__", StringComparison.Ordinal), s.Value)),
                ("Authentication__Authorities__0__ClientSecret__File", file),
            ])
        )
        {
            foreach (var audience in (string?[])[IdentityProvider.ClientId, "another-client", null])
            {
                provider.Claims["aud"] = audience;
                provider.EchoesCode = audience is null;
                using var browser = new CookieBrowser(service.Root);
                var callback = await browser.GoToProviderAsync();
                secrets.AddRange(browser.Cookies.Select(c => c.Name));
                secrets.AddRange(QueryHelpers.ParseQuery(new Uri(callback).Query)["code"].Select(c => c!));
                secrets.AddRange(QueryHelpers.ParseQuery(new Uri(callback).Query)["state"].Select(c => c!));
                using var response = await browser.GetAsync(callback, CookieBrowser.FromOtherSite);
                browser.HasSession.ShouldBe(audience == IdentityProvider.ClientId);
                secrets.AddRange(browser.Cookies.Select(c => c.Value).Where(v => v.Length > 10));
            }

            await service.StopAsync();
            output = service.Output;
        }

        output.ShouldContain("\"action\":\"signIn\"");
        output.ShouldContain("A sign-in at localhost failed: The token's audience (aud) is not this service");
        output.ShouldContain("A sign-in at localhost failed: invalid_request: (the code) is not known");
        secrets.Count.ShouldBeGreaterThan(8);
        foreach (var secret in (string[])[.. secrets, IdentityProvider.CodePrefix, "eyJ"])
        {
            output.ShouldNotContain(secret);
        }
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string body)
    {
        using var response = await client.PostAsync("process/runs", Bodies.Json(body), Cancellation);
        return response.StatusCode;
    }

    private static string Signature(string token) => token[(token.LastIndexOf('.') + 1)..];

    private async Task<string> WithPasswordAsync(string password)
    {
        var own = new NpgsqlConnectionStringBuilder(await database.CreateMigratedDatabaseAsync());
        var role = $"log_secret_{Guid.NewGuid():N}";
        await TestDatabase.ExecuteAsync(
            database.AsSuperuser(own.ConnectionString),
            $"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{password}'"
        );
        (own.Username, own.Password) = (role, password);
        return own.ConnectionString;
    }
}
