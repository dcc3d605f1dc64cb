using System.Net;
using System.Text.Json;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.FunctionalTests.Security;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

public sealed class AuditTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Runs = "process/runs";

    [Fact]
    public async Task Writes_and_refusals_leave_one_event_each_and_reads_none()
    {
        var token = Tokens.Make(others: [("sub", "user-1"), ("appid", "app-1"), ("jti", "token-1")]);
        var reader = Tokens.Make(roles: ["IndustryData-Run.Read.All"]);
        using var folder = new TemporaryDirectory();
        string id;
        var begin = DateTimeOffset.UtcNow;
        await using (var service = await StartAsync(folder))
        {
            using var writer = service.Authorized(token);
            using var only = service.Authorized(reader);
            using var stranger = service.Authorized(null);
            id = await CreateAsync(writer);
            (await writer.GetAsync($"{Runs}/{id}", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await only.DeleteAsync($"{Runs}/{id}", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
            (await stranger.GetAsync(Runs, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            (await PatchAsync(writer, id, """{ "status": "running" }""")).ShouldBe(HttpStatusCode.Conflict);
            (await PatchAsync(writer, id, "{}", ifMatch: "W/\"9\"")).ShouldBe(HttpStatusCode.PreconditionFailed);
            (await writer.DeleteAsync($"{Runs}/{id}", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        var events = Read(folder);
        events
            .Select(e => (e.Text("action"), e.GetProperty("status").GetInt32(), Optional(e, "error")))
            .ShouldBe([
                ("createRun", 201, null),
                ("deleteRun", 403, "insufficientPermissions"),
                ("listRuns", 401, "invalidToken"),
                ("updateRun", 409, "statusIsFinal"),
                ("updateRun", 412, "etagMismatch"),
                ("deleteRun", 204, null),
            ]);
        var created = events[0];
        created.Text("tenant").ShouldBe($"{Tokens.Tenant}");
        created.Text("subject").ShouldBe("user-1");
        created.Text("application").ShouldBe("app-1");
        created.Text("token").ShouldBe("token-1");
        created.Text("run").ShouldBe(id);
        created.Text("client_request_id").ShouldBe("from the client");
        Guid.TryParse(created.Text("request_id"), out _).ShouldBeTrue();
        created.GetProperty("@t").GetDateTimeOffset().ShouldBeInRange(begin, DateTimeOffset.UtcNow);
        Optional(events[2], "tenant").ShouldBeNull();
        var text = string.Concat(Directory.GetFiles(folder.Path).Select(File.ReadAllText));
        text.ShouldNotContain(token);
        text.ShouldNotContain(reader);
        text.ShouldNotContain("Nightly");
    }

    [Fact]
    public async Task Flood_without_a_token_leaves_few_events_and_no_text_of_the_caller()
    {
        using var folder = new TemporaryDirectory();
        await using (var service = await StartAsync(folder))
        {
            using var stranger = service.Authorized(null);
            for (var i = 0; i < 100; i++)
            {
                using var request = new HttpRequestMessage(new HttpMethod("TEXT-OF-THE-CALLER"), Runs);
                using var response = await stranger.SendAsync(request, Cancellation);
                response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            }
        }

        var events = Read(folder);
        events.Count.ShouldBeInRange(1, 50);
        events.ShouldAllBe(e => e.Text("action") == "OTHER");
    }

    [Fact]
    public async Task Use_of_a_revoked_token_names_the_tenant_and_the_token()
    {
        var tenant = Guid.NewGuid();
        await TokenRevocations.RevokeAsync(
            Database.ConnectionString,
            new TenantId(tenant),
            DateTimeOffset.UtcNow,
            Cancellation
        );
        using var folder = new TemporaryDirectory();
        await using (var service = await StartAsync(folder))
        {
            using var client = service.Authorized(Tokens.Make(tid: $"{tenant}", others: [("jti", "leaked")]));
            (await client.GetAsync(Runs, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        var refused = Read(folder).ShouldHaveSingleItem();
        (refused.Text("tenant"), refused.Text("token")).ShouldBe(($"{tenant}", "leaked"));
    }

    [Fact]
    public async Task Session_of_a_token_names_the_token()
    {
        using var folder = new TemporaryDirectory();
        await using (var service = await StartAsync(folder))
        {
            using var browser = new Browser(service.Root);
            using var signIn = await browser.SignInAsync(Tokens.Make(others: [("jti", "pasted")]));
            using var created = await browser.SendAsync(
                HttpMethod.Post,
                Runs,
                Browser.SameOrigin,
                Bodies.Json(Bodies.Run)
            );
            created.StatusCode.ShouldBe(HttpStatusCode.Created);
        }

        Read(folder)
            .Select(e => (e.Text("action"), e.Text("token")))
            .ShouldBe([("signIn", "pasted"), ("createRun", "pasted")]);
    }

    [Fact]
    public async Task Sign_in_at_a_provider_names_the_person_and_why_it_failed()
    {
        using var folder = new TemporaryDirectory();
        await using var provider = await IdentityProvider.StartAsync();
        await using (var service = await StartAsync(folder, provider.Settings()))
        {
            using var browser = new CookieBrowser(service.Root);
            using var first = await browser.SignInAsync();
            provider.Claims["roles"] = null;
            using var second = await browser.SignInAsync();
        }

        Read(folder)
            .Select(e => (e.Text("action"), e.Text("tenant"), e.Text("subject"), Optional(e, "error")))
            .ShouldBe([
                ("signIn", $"{Tokens.Tenant}", "user-1", null),
                ("signIn", $"{Tokens.Tenant}", "user-1", "noRole"),
            ]);
    }

    [Fact]
    public async Task Each_write_of_a_batch_leaves_one_event()
    {
        using var folder = new TemporaryDirectory();
        await using (var service = await StartAsync(folder))
        {
            var requests = string.Join(
                ',',
                Enumerable
                    .Range(0, 3)
                    .Select(i =>
                        $$"""
                            {
                                "id": "{{i}}", "method": "POST", "url": "/{{Runs}}",
                                "headers": { "Content-Type": "application/json" }, "body": {{Bodies.Run}}
                            }
                            """
                    )
            );
            using var response = await service.Client.PostAsync(
                "$batch",
                Bodies.Json($$"""{ "requests": [{{requests}}] }"""),
                Cancellation
            );
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        var events = Read(folder);
        events.Select(e => e.Text("action")).ShouldBe(["createRun", "createRun", "createRun"]);
        events.Select(e => e.Text("run")).Distinct().Count().ShouldBe(3);
    }

    private Task<RunningService> StartAsync(TemporaryDirectory folder, params (string, string)[] settings) =>
        RunningService.StartAsync(
            Database.ConnectionString,
            [("Audit:Enabled", "true"), ("Audit:Path", Path.Combine(folder.Path, "audit.json")), .. settings]
        );

    private static List<JsonElement> Read(TemporaryDirectory folder) =>
        [
            .. File.ReadLines(Directory.GetFiles(folder.Path).ShouldHaveSingleItem())
                .Select(line => JsonSerializer.Deserialize<JsonElement>(line)),
        ];

    private static async Task<string> CreateAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Runs) { Content = Bodies.Json(Bodies.Run) };
        request.Headers.Add("client-request-id", "from the client");
        using var response = await client.SendAsync(request, Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await response.JsonAsync()).Text("id")!;
    }

    private static async Task<HttpStatusCode> PatchAsync(
        HttpClient client,
        string id,
        string body,
        string? ifMatch = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"{Runs}/{id}") { Content = Bodies.Json(body) };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        using var response = await client.SendAsync(request, Cancellation);
        return response.StatusCode;
    }

    private static string? Optional(JsonElement line, string name) =>
        line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
