using System.Net;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>
/// Tests every way in which a cached token could grant access that it should not grant.
/// <see cref="OpenIdConnectTests"/> tests that a withdrawn key ends the caching.
/// </summary>
public sealed class RememberedTokenTests(TestDatabase database) : FunctionalTest(database)
{
    [Fact]
    public async Task It_lets_in_to_what_the_token_permits_and_to_nothing_else()
    {
        var token = Tokens.Make(["IndustryData-Run.Read.All"]);
        Admits(token, Permissions.Read).ShouldBeFalse();
        (await StatusAsync(token)).ShouldBe(HttpStatusCode.OK);

        Admits(token, Permissions.Read).ShouldBeTrue();
        Admits(token, Permissions.Write).ShouldBeFalse();
        Admits(token, permission: null).ShouldBeFalse();
    }

    [Fact]
    public async Task It_ends_with_the_token()
    {
        // The token must still be valid at its second use, also if the machine stalls in between.
        var token = Tokens.Make(expires: DateTime.UtcNow.AddSeconds(12));
        (await StatusAsync(token)).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(token)).ShouldBe(HttpStatusCode.OK);

        await Poll.UntilAsync(
            async () => await StatusAsync(token) == HttpStatusCode.Unauthorized,
            "The refusal of the expired token"
        );
    }

    [Fact]
    public async Task Another_signature_or_content_is_another_token()
    {
        var token = Tokens.Make(["IndustryData-Run.Read.All"]);
        (await StatusAsync(token)).ShouldBe(HttpStatusCode.OK);
        var (mine, more) = (token.Split('.'), Tokens.Make().Split('.'));

        (await StatusAsync($"{mine[0]}.{more[1]}.{mine[2]}")).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync($"{mine[0]}.{mine[1]}.{more[2]}")).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync($"{mine[0]}.{mine[1]}.")).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync($"{mine[0]}.{mine[1]}.{(mine[2][0] == 'A' ? 'B' : 'A')}{mine[2][1..]}")).ShouldBe(
            HttpStatusCode.Unauthorized
        );
        (await StatusAsync($"{token}.")).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(token[..^4])).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("Basic {0}")]
    [InlineData("{0}")]
    [InlineData("Bearer")]
    [InlineData("Bearer {0} {0}")]
    public async Task The_token_in_another_place_is_none(string header)
    {
        var token = Tokens.Make();
        (await StatusAsync(token)).ShouldBe(HttpStatusCode.OK);

        using var client = Service.Authorized(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation(
            "Authorization",
            string.Format(System.Globalization.CultureInfo.InvariantCulture, header, token)
        );
        (await client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Tenants_and_permissions_stay_those_of_each_token()
    {
        await AddAsync(Bodies.Run);
        var (writes, reads, elsewhere) = (
            Tokens.Make(),
            Tokens.Make(["IndustryData-Run.Read.All"]),
            Tokens.Make(tid: Tokens.OtherTenant.ToString())
        );
        var seen = await Task.WhenAll(
            Enumerable
                .Range(0, 60)
                .Select(async n =>
                {
                    using var client = Service.Authorized(
                        (n % 3) switch
                        {
                            0 => writes,
                            1 => reads,
                            _ => elsewhere,
                        }
                    );
                    var count = await client.GetStringAsync("process/runs/$count", Cancellation);
                    using var start = await client.PostAsync("process/runs/nothing/getStatistics", null, Cancellation);
                    using var delete = await client.DeleteAsync($"process/runs/{Guid.CreateVersion7()}", Cancellation);
                    return (n, count, delete.StatusCode);
                })
        );

        seen.ShouldAllBe(s =>
            s.count == (s.n % 3 == 2 ? "0" : "1")
            && s.StatusCode == (s.n % 3 == 1 ? HttpStatusCode.Forbidden : HttpStatusCode.NotFound)
        );
    }

    [Fact]
    public async Task What_is_refused_is_refused_again()
    {
        foreach (
            var token in (string[])
                [
                    Tokens.Make(tid: null),
                    Tokens.Make(audience: "x"),
                    Tokens.SignedByNobody(),
                    Tokens.Make(algorithm: SecurityAlgorithms.HmacSha512),
                ]
        )
        {
            (await StatusAsync(token)).ShouldBe(HttpStatusCode.Unauthorized);
            (await StatusAsync(token)).ShouldBe(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task More_tokens_than_are_remembered_are_taken_all_the_same()
    {
        var text = new string('x', 5_000);
        var tokens = Enumerable
            .Range(0, 5_000)
            .Select(n => Tokens.Make(scp: $"IndustryData-Run.Read.All {text}{n}"))
            .ToList();
        (tokens.Sum(t => 2L * t.Length) > ValidatedTokenCache.MaxBytes).ShouldBeTrue();
        var refused = 0;
        await Parallel.ForEachAsync(
            tokens,
            Cancellation,
            async (token, cancellation) =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "process")
                {
                    Headers = { { "Authorization", $"Bearer {token}" } },
                };
                using var response = await Client.SendAsync(request, cancellation);
                Interlocked.Add(ref refused, response.StatusCode == HttpStatusCode.OK ? 0 : 1);
            }
        );

        refused.ShouldBe(0);
        (await StatusAsync(tokens[^1])).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Token_in_a_header_over_8_KiB_is_accepted_and_not_remembered()
    {
        var token = Tokens.Make(scp: $"IndustryData-Run.Read.All {new string('x', 8_000)}");

        (await StatusAsync(token)).ShouldBe(HttpStatusCode.OK);
        Admits(token, Permissions.Read).ShouldBeFalse();
    }

    private bool Admits(string token, Permission? permission)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Authorization = $"Bearer {token}";
        http.SetEndpoint(
            new Endpoint(null, new EndpointMetadataCollection(permission is null ? [] : [permission]), null)
        );
        return Service.Services.GetRequiredService<ValidatedTokenCache>().TryAuthenticate(http);
    }

    private async Task<HttpStatusCode> StatusAsync(string token)
    {
        using var client = Service.Authorized(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        using var response = await client.GetAsync("process/runs", Cancellation);
        return response.StatusCode;
    }
}
