using System.Net;
using System.Security.Cryptography;
using System.Text;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.FunctionalTests.Security;

public sealed class TokenTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Read = "IndustryData-Run.Read.All";
    private const string Start = "IndustryData-Run.Start";
    private const string Write = "IndustryData-Run.ReadWrite.All";
    private const string OtherKey =
        "YW5vdGhlciBrZXkgb2YgdGhlIGZ1bmN0aW9uYWwgdGVzdHMsIGxvbmcgZW5vdWdoIGZvciBldmVyeSBhbGdvcml0aG0gb2YgSE1BQyB0b28=";

    public static TheoryData<string, string?> BadTokens() =>
        new()
        {
            { "none", null },
            { "no token at all", "x" },
            { "not base64", "a.b.c" },
            { "expired", Tokens.Make(expires: DateTime.UtcNow.AddSeconds(-5)) },
            { "another key", Tokens.Make(key: OtherKey) },
            { "another audience", Tokens.Make(audience: "somebody else") },
            { "another issuer", Tokens.Make(issuer: "somebody else") },
            { "another algorithm", Tokens.Make(algorithm: SecurityAlgorithms.HmacSha384) },
            { "signed with alg none", Tokens.SignedByNobody() },
            { "no signature", string.Join('.', Tokens.Make().Split('.')[..2]) + "." },
            { "no tenant", Tokens.Make(tid: null) },
            { "a tenant that is no GUID", Tokens.Make(tid: "school") },
            { "a tenant in another spelling", Tokens.Make(tid: "{11111111-1111-4111-8111-111111111111}") },
        };

    [Theory]
    [MemberData(nameof(BadTokens))]
    public async Task A_bad_token_is_401_on_every_path(string @case, string? token)
    {
        using var client = Service.Authorized(token);
        foreach (var path in (string[])["beta/process/runs/$ref", "process/runs", "external/industryData/runs"])
        {
            using var response = await client.PostAsync(path, Bodies.Json(Bodies.Run), Cancellation);
            await ShouldBeUnauthorizedAsync(response, @case);
        }

        foreach (var path in (string[])["process/runs", "process/runs/x", "process", "nothing/here"])
        {
            using var response = await client.GetAsync(path, Cancellation);
            await ShouldBeUnauthorizedAsync(response, @case);
        }

        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(0);
    }

    [Theory]
    [InlineData(Read, null, 200, 403, 403)]
    [InlineData(Start, null, 200, 403, 202)]
    [InlineData(Write, null, 200, 204, 202)]
    [InlineData(null, "openid IndustryData-Run.Read.All", 200, 403, 403)]
    [InlineData(null, "IndustryData-Run.ReadWrite.All profile", 200, 204, 202)]
    [InlineData(Write, "IndustryData-Run.Read.All", 200, 403, 403)]
    [InlineData(Write, "openid profile", 403, 403, 403)]
    [InlineData("Something.Else", "IndustryData-Run.Read.Al", 403, 403, 403)]
    [InlineData("IndustryData-Run.ReadWrite.All IndustryData-Run.Read.All", null, 403, 403, 403)]
    public async Task Permissions_come_from_roles_or_scp(string? role, string? scp, int get, int post, int start)
    {
        using var client = Service.Authorized(Tokens.Make(role is null ? null : [role], scp));

        ((int)(await client.GetAsync("process/runs", Cancellation)).StatusCode).ShouldBe(get);
        ((int)(await client.PostAsync("process/runs/$ref", Bodies.Json(Bodies.Run), Cancellation)).StatusCode).ShouldBe(
            post
        );
        ((int)(await client.PostAsync("process/runs/start", null, Cancellation)).StatusCode).ShouldBe(start);
    }

    [Theory]
    [InlineData("""{"alg":"HS256"}""", HttpStatusCode.OK)]
    [InlineData("""{"alg":"HS256","typ":"at+JWT"}""", HttpStatusCode.OK)]
    [InlineData("""{"alg":"HS256","typ":"id+jwt"}""", HttpStatusCode.Unauthorized)]
    public async Task Token_is_accepted_without_a_type_and_refused_with_another_one(
        string header,
        HttpStatusCode status
    )
    {
        var claims = $$"""
            {"iss":"industrydata","aud":"industrydata","exp":4102444800,"tid":"{{Tokens.Tenant}}",
             "roles":["{{Write}}"]}
            """;
        var signed = $"{Base64UrlEncoder.Encode(header)}.{Base64UrlEncoder.Encode(claims)}";
        var signature = HMACSHA256.HashData(Convert.FromBase64String(Tokens.Key), Encoding.ASCII.GetBytes(signed));
        using var client = Service.Authorized($"{signed}.{Base64UrlEncoder.Encode(signature)}");

        using var response = await client.GetAsync("process/runs", Cancellation);

        response.StatusCode.ShouldBe(status);
    }

    /// <summary>
    /// The token is signed with a trusted key, so that its content is read. The content must neither break the response
    /// nor get into a header.
    /// </summary>
    [Theory]
    [InlineData("iss", "\"b\u00e4r\"")]
    [InlineData("iss", "\"a\\r\\nX-Evil: 1\"")]
    [InlineData("iss", "\"\\u0000\\u0007\"")]
    [InlineData("iss", "5")]
    [InlineData("iss", "{}")]
    [InlineData("iss", "null")]
    [InlineData("iss", "[\"industrydata\"]")]
    [InlineData("aud", "\"b\u00e4r\\r\\n\"")]
    [InlineData("aud", "{}")]
    [InlineData("aud", "[5]")]
    [InlineData("aud", "null")]
    [InlineData("exp", "\"b\u00e4r\"")]
    [InlineData("exp", "1e400")]
    [InlineData("tid", "\"b\u00e4r\\r\\n\"")]
    [InlineData("tid", "[\"11111111-1111-4111-8111-111111111111\",\"11111111-1111-4111-8111-111111111111\"]")]
    public async Task Signed_token_with_odd_claim_returns_401_with_a_fixed_text(string claim, string value)
    {
        await using var withAuthority = await RunningService.StartAsync(
            Database.ConnectionString,
            ("Authentication:Authorities:0:Authority", "http://127.0.0.1:1"),
            ("Authentication:Authorities:0:RequireHttps", "false")
        );
        var claims = new Dictionary<string, string>
        {
            ["iss"] = "\"industrydata\"",
            ["aud"] = "\"industrydata\"",
            ["exp"] = "4102444800",
            ["tid"] = $"\"{Tokens.Tenant}\"",
            ["roles"] = $"[\"{Write}\"]",
        };
        claims[claim] = value;
        var header = Base64UrlEncoder.Encode("""{"alg":"HS256","typ":"JWT"}""");
        var payload = $"{{{string.Join(',', claims.Select(c => $"\"{c.Key}\":{c.Value}"))}}}";
        var signed = $"{header}.{Base64UrlEncoder.Encode(payload)}";
        var signature = HMACSHA256.HashData(Convert.FromBase64String(Tokens.Key), Encoding.ASCII.GetBytes(signed));
        var token = $"{signed}.{Base64UrlEncoder.Encode(signature)}";

        using var client = Service.Authorized(token);
        using var response = await client.GetAsync("process/runs", Cancellation);
        await ShouldBeUnauthorizedAsync(response, claim);
        response
            .Headers.WwwAuthenticate.ToString()
            .ShouldStartWith("Bearer error=\"invalid_token\", error_description=\"The token");
        response.Headers.Contains("X-Evil").ShouldBeFalse();

        // In this service, the issuer also decides who validates the token. A token of an unknown issuer is validated
        // by the authority, which is unavailable.
        using var other = withAuthority.Authorized(token);
        using var judged = await other.GetAsync("process/runs", Cancellation);
        ((int)judged.StatusCode).ShouldBeOneOf(401, 503);
    }

    [Fact]
    public async Task Refused_token_is_told_why_in_a_fixed_text()
    {
        foreach (
            var (token, text) in ((string, string)[])
                [
                    (Tokens.Make(expires: DateTime.UtcNow.AddSeconds(-5)), "has expired"),
                    (Tokens.Make(audience: "somebody else"), "audience (aud)"),
                    (Tokens.Make(issuer: "somebody else"), "issuer (iss)"),
                    (Tokens.Make(key: OtherKey), "signature"),
                    (Tokens.Make(tid: null), "'tid' must be one GUID"),
                ]
        )
        {
            using var client = Service.Authorized(token);
            using var response = await client.GetAsync("process/runs", Cancellation);

            response.Headers.WwwAuthenticate.ToString().ShouldContain(text);
            response.Headers.WwwAuthenticate.ToString().ShouldNotContain("somebody");
        }
    }

    [Fact]
    public async Task A_missing_permission_is_named()
    {
        using var client = Service.Authorized(Tokens.Make([Read]));
        using var response = await client.PostAsync("process/runs", Bodies.Json(Bodies.Run), Cancellation);

        var error = (await response.JsonAsync()).GetProperty("error");
        error.Text("code").ShouldBe("forbidden");
        error.Text("message").ShouldContain(Write);
    }

    [Fact]
    public async Task Another_tenants_run_does_not_exist()
    {
        var url = await AddAsync(Bodies.Run);
        using var stranger = Service.Authorized(Tokens.Make(tid: Tokens.OtherTenant.ToString()));

        foreach (var path in (string[])[url.ToString(), $"{url}/getStatistics"])
        {
            using var theirs = await stranger.GetAsync(path, Cancellation);
            using var nobodys = await stranger.GetAsync(
                path.Replace(url.Segments[^1], "01900000-0000-7000-8000-000000000000", StringComparison.Ordinal),
                Cancellation
            );
            theirs.StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await theirs.JsonAsync()).Cause().ShouldBe((await nobodys.JsonAsync()).Cause());
        }

        (await stranger.GetJsonAsync(new Uri(Service.Root, "process/runs")))
            .GetProperty("value")
            .GetArrayLength()
            .ShouldBe(0);
        using var reference = await stranger.PostAsync(
            "process/runs/$ref",
            Bodies.Json($$"""{"@odata.id":"{{url}}"}"""),
            Cancellation
        );
        reference.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("")]
    [InlineData("beta")]
    [InlineData("health/live")]
    [InlineData("health/ready")]
    public async Task The_service_document_and_health_are_open_to_anybody(string path)
    {
        using var anybody = Service.Authorized(null);
        (await anybody.GetAsync(path, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static async Task ShouldBeUnauthorizedAsync(HttpResponseMessage response, string @case)
    {
        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, @case);
        response.Headers.WwwAuthenticate.ToString().ShouldStartWith("Bearer", Case.Sensitive, @case);
        (await response.JsonAsync()).GetProperty("error").Text("code").ShouldBe("unauthorized");
    }
}
