using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

/// <summary>Searches the output of the service, at the most detailed level, for what must not be in it.</summary>
[Collection(typeof(SerialTests))]
public sealed class LogSecretTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string InBody = "secret-of-the-body";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Most_detailed_log_contains_no_token_key_password_or_body()
    {
        var password = $"password-{Guid.NewGuid():N}";
        var token = Tokens.Make();
        var bad = Tokens.Make(key: Convert.ToBase64String(Guid.NewGuid().ToByteArray().Concat(new byte[32]).ToArray()));
        string output;
        await using (
            var service = await ServiceProcess.StartAsync(
                ("ConnectionStrings__IndustryData", await WithPasswordAsync(password)),
                ("Audit__Path", ""),
                ("Serilog__MinimumLevel__Default", "Verbose"),
                ("Serilog__MinimumLevel__Override__Microsoft.AspNetCore", "Verbose"),
                ("Serilog__MinimumLevel__Override__Microsoft.EntityFrameworkCore", "Verbose"),
                ("Serilog__MinimumLevel__Override__Npgsql", "Verbose")
            )
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
        output.ShouldContain("INSERT INTO runs");
        foreach (var secret in (string[])[token, bad, Signature(token), Signature(bad), Tokens.Key, password, InBody])
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
