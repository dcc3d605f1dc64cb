using System.Globalization;
using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.FunctionalTests.Security;

public sealed class TokenRevocationTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Path = "process/runs";

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Revocation_rejects_the_earlier_tokens_of_the_tenant_on_every_instance_within_ten_seconds()
    {
        var tenant = Guid.NewGuid().ToString();
        await using var first = await RunningService.StartAsync(database.ConnectionString);
        await using var second = await RunningService.StartAsync(database.ConnectionString);
        RunningService[] instances = [first, second];
        var earlier = Tokens.Make(tid: tenant, expires: DateTime.UtcNow.AddHours(1));
        var later = Tokens.Make(tid: tenant, expires: DateTime.UtcNow.AddHours(2));
        var others = Tokens.Make(tid: Guid.NewGuid().ToString());
        foreach (var instance in instances)
        {
            (await StatusAsync(instance, earlier)).ShouldBe(HttpStatusCode.OK);
        }

        // The earlier token was issued an hour ago, and the later one now.
        await RevokeAsync(tenant, DateTimeOffset.UtcNow.AddMinutes(-10));
        await Task.WhenAll(
            instances.Select(instance =>
                Poll.UntilAsync(
                    async () => await StatusAsync(instance, earlier) == HttpStatusCode.Unauthorized,
                    _limit,
                    "The earlier token is still accepted"
                )
            )
        );
        foreach (var instance in instances)
        {
            (await StatusAsync(instance, later)).ShouldBe(HttpStatusCode.OK);
            (await StatusAsync(instance, others)).ShouldBe(HttpStatusCode.OK);
        }

        using var client = first.Authorized(earlier);
        using var refused = await client.GetAsync(Path, Cancellation);
        refused.Headers.WwwAuthenticate.ToString().ShouldContain("The token has been revoked");
    }

    [Fact]
    public async Task Instance_that_starts_after_a_revocation_rejects_the_token_at_once()
    {
        var tenant = Guid.NewGuid().ToString();
        var token = Tokens.Make(tid: tenant);
        await RevokeAsync(tenant, DateTimeOffset.UtcNow.AddMinutes(-1));

        // A revocation with an earlier time does not make the token valid again.
        await RevokeAsync(tenant, DateTimeOffset.UtcNow.AddDays(-1));
        await using var service = await RunningService.StartAsync(database.ConnectionString);

        (await StatusAsync(service, token)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Token_without_the_time_of_its_issue_is_accepted_in_every_time_zone_until_a_revocation()
    {
        var tenant = Guid.NewGuid().ToString();
        var token = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = "industrydata",
                Audience = "industrydata",
                Expires = DateTime.UtcNow.AddHours(1),
                Claims = new Dictionary<string, object> { ["tid"] = tenant, ["roles"] = "IndustryData-Run.Read.All" },
                SigningCredentials = new SigningCredentials(
                    new SymmetricSecurityKey(Convert.FromBase64String(Tokens.Key)),
                    SecurityAlgorithms.HmacSha256
                ),
            }
        );
        await using var service = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("TZ", "Europe/Berlin")
        );
        service.Client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        async Task<HttpStatusCode> AskAsync()
        {
            using var response = await service.Client.GetAsync(Path, Cancellation);
            return response.StatusCode;
        }

        (await AskAsync()).ShouldBe(HttpStatusCode.OK);
        (await AskAsync()).ShouldBe(HttpStatusCode.OK);
        await RevokeAsync(tenant, DateTimeOffset.UtcNow.AddDays(-1));
        await Poll.UntilAsync(
            async () => await AskAsync() == HttpStatusCode.Unauthorized,
            _limit,
            "The token is still accepted"
        );
    }

    private async Task RevokeAsync(string tenant, DateTimeOffset before)
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(
            ["token", "--revoke-before", before.ToString("O", CultureInfo.InvariantCulture), "--tenant", tenant],
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("Authentication__SigningKeys__0", Tokens.Key)
        );
        exitCode.ShouldBe(0, errors);
        output.ShouldContain(tenant);
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningService service, string token)
    {
        using var client = service.Authorized(token);
        using var response = await client.GetAsync(Path, Cancellation);
        return response.StatusCode;
    }
}
