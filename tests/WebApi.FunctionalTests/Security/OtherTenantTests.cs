using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Security;

/// <summary>
/// Sends to every endpoint of the running service what belongs to another tenant: ids, tokens of pages and of delta,
/// idempotency keys and links. The response must equal the response to a value that never existed.
/// </summary>
public sealed partial class OtherTenantTests(TestDatabase database) : FunctionalTest(database)
{
    private const string UnknownRun = "019f0000-0000-7000-8000-000000000001";
    private const string UnknownActivity = "019f0000-0000-7000-8000-000000000002";
    private const string Key = "key of the owner";
    private const string ActivityType = "#microsoft.graph.industryData.inboundFlowActivity";

    // Members and headers that differ between any two responses.
    private static readonly string[] _perResponse = ["Date", "request-id", "client-request-id", "Content-Length"];

    [Fact]
    public async Task Every_endpoint_answers_for_another_tenants_ids_as_for_ids_that_never_existed()
    {
        var owned = await CreateOwnedAsync();
        var differences = new List<string>();
        var walked = 0;
        foreach (var call in Calls().Where(c => c.Path.Contains("{id}", StringComparison.Ordinal)))
        {
            var caller = NewTenant();
            var foreign = await SendAsync(caller, call, owned.Run, owned.Activity, owned.ETag);
            var unknown = await SendAsync(caller, call, UnknownRun, UnknownActivity, owned.ETag);
            Compare(call, foreign, unknown, differences);
            Compare(
                call,
                await SendInBatchAsync(caller, call, owned.Run, owned.Activity, owned.ETag),
                await SendInBatchAsync(caller, call, UnknownRun, UnknownActivity, owned.ETag),
                differences
            );
            walked++;
        }

        differences.ShouldBeEmpty();
        walked.ShouldBeGreaterThan(50);
        await ShouldBeUntouchedAsync(owned);
    }

    [Fact]
    public async Task Every_endpoint_without_an_id_answers_a_tenant_as_if_no_other_tenant_had_runs()
    {
        // The responses before another tenant has runs are the expected ones.
        var calls = Calls().Where(c => !c.Path.Contains("{id}", StringComparison.Ordinal)).ToList();
        var expected = new List<Answer>();
        foreach (var call in calls)
        {
            expected.Add(await SendAsync(NewTenant(), call, UnknownRun, UnknownActivity, "W/\"1\""));
        }

        var owned = await CreateOwnedAsync();
        var differences = new List<string>();
        foreach (var (call, answer) in calls.Zip(expected))
        {
            Compare(
                call,
                await SendAsync(NewTenant(), call, UnknownRun, UnknownActivity, "W/\"1\""),
                answer,
                differences
            );
        }

        differences.ShouldBeEmpty();
        calls.Count.ShouldBeGreaterThan(20);
        await ShouldBeUntouchedAsync(owned);
    }

    [Theory]
    [InlineData("process/runs?$top=1", "@odata.nextLink", "skiptoken")]
    [InlineData("process/runs/delta?$select=id", "@odata.deltaLink", "deltatoken")]
    [InlineData("process/runs/delta?$top=1", "@odata.nextLink", "skiptoken")]
    public async Task Token_of_another_tenant_is_answered_like_a_token_that_was_never_issued(
        string path,
        string link,
        string option
    )
    {
        await CreateOwnedAsync();
        await CreateOwnedAsync();
        var page = await Client.GetJsonAsync(new Uri(path, UriKind.Relative));
        var token = Regex.Match(page.Text(link)!, $@"\${option}=([^&]+)").Groups[1].Value;
        var forged = string.Concat(
            token.AsSpan(0, token.Length / 2),
            token[^1] == 'A' ? "B" : "A",
            token.AsSpan((token.Length / 2) + 1)
        );
        var caller = NewTenant();
        Call Asking(string value) => new("GET", $"{path}&${option}={value}", null, []);

        var foreign = await SendAsync(caller, Asking(token), "", "", "");
        var never = await SendAsync(caller, Asking(forged), "", "", "");

        foreign.Status.ShouldBeOneOf(400, 410);
        foreign.ShouldBe(never);
    }

    [Fact]
    public async Task Idempotency_key_of_another_tenant_is_a_new_key()
    {
        var owned = await CreateOwnedAsync();
        var caller = NewTenant();
        Call Adding(string key) => new("POST", "process/runs", Bodies.Run, [("Idempotency-Key", key)]);

        var foreign = await SendAsync(caller, Adding(Key), "", "", "");
        var fresh = await SendAsync(caller, Adding("another key"), "", "", "");

        foreign.Status.ShouldBe(201);
        foreign.Headers.ShouldBe(fresh.Headers);
        foreign.Location.ShouldNotContain(owned.Run);
    }

    [Fact]
    public async Task Link_to_another_tenants_run_is_a_link_to_nothing()
    {
        var owned = await CreateOwnedAsync();
        var caller = NewTenant();
        static string Link(string run) => $$"""{ "@odata.id": "process/runs/{{run}}" }""";

        var foreign = await SendAsync(caller, new Call("POST", "process/runs/$ref", Link(owned.Run), []), "", "", "");
        var unknown = await SendAsync(caller, new Call("POST", "process/runs/$ref", Link(UnknownRun), []), "", "", "");

        foreign.Status.ShouldBe(404);
        foreign.ShouldBe(unknown);
    }

    /// <summary>
    /// Returns a request for each method of each route, with the headers that the operation supports. An unknown route
    /// parameter is an error: the test must then know its values.
    /// </summary>
    private List<Call> Calls()
    {
        var calls = new List<Call>();
        var routes = Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        foreach (var route in routes.Where(r => r.Metadata.GetMetadata<Permission>() is not null))
        {
            var path = route.RoutePattern.RawText!.TrimStart('/');
            if (path == "$batch")
            {
                continue;
            }

            path = path.Replace("{parameters}", "token='x'", StringComparison.Ordinal)
                .Replace("{**path}", "nothing", StringComparison.Ordinal);
            Parameter()
                .Matches(path)
                .Select(m => m.Value)
                .Except(["{id}", "{activityId}"])
                .ShouldBeEmpty($"{path} has a parameter that this test does not know");
            var operation = route.Metadata.GetMetadata<OperationDescription>();
            foreach (var method in route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["PUT"])
            {
                var body = method == "HEAD" ? null : operation?.Body?.Examples.FirstOrDefault()?.Json;
                calls.Add(new Call(method, path, body, []));
                if (operation?.Headers.Contains(RequestHeader.IfMatch) == true)
                {
                    calls.Add(new Call(method, path, body, [("If-Match", "{etag}")]));
                    calls.Add(new Call(method, path, body, [("If-Match", "W/\"99\"")]));
                }

                if (operation?.Headers.Contains(RequestHeader.IfNoneMatch) == true)
                {
                    calls.Add(new Call(method, path, body, [("If-None-Match", "{etag}")]));
                }

                if (operation?.Headers.Contains(RequestHeader.IdempotencyKey) == true)
                {
                    calls.Add(new Call(method, path, body, [("Idempotency-Key", Key)]));
                }
            }
        }

        return calls;
    }

    private static string NewTenant() => Tokens.Make(tid: Guid.NewGuid().ToString());

    private async Task<Owned> CreateOwnedAsync()
    {
        var body = JsonNode.Parse(Bodies.Run)!.AsObject();
        body["activities"] = new JsonArray(
            new JsonObject
            {
                ["@odata.type"] = ActivityType,
                ["displayName"] = "of the owner",
                ["status"] = "completed",
            }
        );
        using var request = new HttpRequestMessage(HttpMethod.Post, "process/runs")
        {
            Content = Bodies.Json(body.ToJsonString()),
        };
        request.Headers.Add("Idempotency-Key", Key + Guid.NewGuid());
        using var response = await Client.SendAsync(request, Cancellation);
        response.StatusCode.ShouldBe(HttpStatusCode.Created, await response.Content.ReadAsStringAsync(Cancellation));
        var run = (await response.JsonAsync()).Text("id")!;

        // The key itself is used by another run of the owner.
        using var keyed = new HttpRequestMessage(HttpMethod.Post, "process/runs") { Content = Bodies.Json(Bodies.Run) };
        keyed.Headers.Add("Idempotency-Key", Key);
        using var stored = await Client.SendAsync(keyed, Cancellation);
        stored.StatusCode.ShouldBe(HttpStatusCode.Created);
        var activities = await Client.GetJsonAsync(new Uri($"process/runs/{run}/activities", UriKind.Relative));
        var activity = activities.GetProperty("value").EnumerateArray().First().Text("id")!;
        return new Owned(run, activity, response.Headers.ETag!.ToString(), await StateAsync(run));
    }

    private async Task ShouldBeUntouchedAsync(Owned owned) => (await StateAsync(owned.Run)).ShouldBe(owned.State);

    private async Task<string> StateAsync(string run) =>
        await Client.GetStringAsync(new Uri($"process/runs/{run}?$expand=activities", UriKind.Relative), Cancellation);

    private static void Compare(Call call, Answer foreign, Answer unknown, List<string> differences)
    {
        if (foreign != unknown || (call.Path.Contains("{id}", StringComparison.Ordinal) && foreign.Status < 400))
        {
            differences.Add($"{call.Method} {call.Path}: {foreign} instead of {unknown}");
        }
    }

    private async Task<Answer> SendAsync(
        string token,
        Call call,
        string run,
        string activity,
        string etag,
        RunningService? service = null
    )
    {
        using var client = (service ?? Service).Authorized(token);
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), Fill(call.Path, run, activity));
        if (call.Body is not null)
        {
            request.Content = Bodies.Json(call.Body);
        }

        foreach (var (name, value) in call.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value.Replace("{etag}", etag, StringComparison.Ordinal));
        }

        using var response = await client.SendAsync(request, Cancellation);
        var headers = response
            .Headers.Concat(response.Content.Headers)
            .Where(h =>
                !_perResponse.Contains(h.Key, StringComparer.OrdinalIgnoreCase)
                && h.Key is not ("Location" or "OData-EntityId")
            )
            .Select(h => $"{h.Key}: {string.Join(", ", h.Value)}")
            .Order();
        return new Answer(
            (int)response.StatusCode,
            string.Join('\n', headers),
            Normalize(await response.Content.ReadAsStringAsync(Cancellation), run, activity),
            response.Headers.Location?.ToString() ?? ""
        )
        {
            HasLocation = response.Headers.Location is not null,
        };
    }

    private async Task<Answer> SendInBatchAsync(
        string token,
        Call call,
        string run,
        string activity,
        string etag,
        RunningService? service = null
    )
    {
        if (call.Method is "HEAD")
        {
            return new Answer(405, "", "", "");
        }

        var item = new JsonObject
        {
            ["id"] = "1",
            ["method"] = call.Method,
            ["url"] = $"/{Fill(call.Path, run, activity)}",
        };
        var headers = new JsonObject();
        if (call.Body is not null)
        {
            item["body"] = JsonNode.Parse(call.Body);
            headers["Content-Type"] = "application/json";
        }

        foreach (var (name, value) in call.Headers)
        {
            headers[name] = value.Replace("{etag}", etag, StringComparison.Ordinal);
        }

        item["headers"] = headers;
        using var client = (service ?? Service).Authorized(token);
        using var response = await client.PostAsync(
            "$batch",
            new StringContent(
                new JsonObject { ["requests"] = new JsonArray(item) }.ToJsonString(),
                Encoding.UTF8,
                "application/json"
            ),
            Cancellation
        );
        var answer = (await response.JsonAsync()).GetProperty("responses").EnumerateArray().Single();
        var sent = JsonNode.Parse(answer.GetProperty("headers").GetRawText())!.AsObject();
        foreach (var name in _perResponse)
        {
            sent.Remove(name);
        }

        return new Answer(
            answer.GetProperty("status").GetInt32(),
            sent.ToJsonString(),
            Normalize(answer.TryGetProperty("body", out var body) ? body.GetRawText() : "", run, activity),
            ""
        );
    }

    private static string Fill(string path, string run, string activity) =>
        path.Replace("{id}", run, StringComparison.Ordinal).Replace("{activityId}", activity, StringComparison.Ordinal);

    /// <summary>Removes the ids that were sent, and what differs between any two responses.</summary>
    private static string Normalize(string body, string run, string activity)
    {
        if (run.Length > 0)
        {
            body = Fill(
                body.Replace(run, "{id}", StringComparison.Ordinal)
                    .Replace(activity, "{activityId}", StringComparison.Ordinal),
                "run",
                "activity"
            );
        }

        // The links of pages contain instants in filters.
        body = Instant().Replace(body.Replace("%3A", ":", StringComparison.Ordinal), "instant");
        return Id().Replace(DeltaToken().Replace(body, "token"), "id");
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?")]
    private static partial Regex Instant();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Id();

    [GeneratedRegex("deltatoken=[A-Za-z0-9_-]+")]
    private static partial Regex DeltaToken();

    private sealed record Call(
        string Method,
        string Path,
        string? Body,
        IReadOnlyList<(string Name, string Value)> Headers
    );

    /// <summary>A response without what differs between any two responses.</summary>
    private sealed record Answer(int Status, string Headers, string Body, string Location)
    {
        public bool HasLocation { get; init; }

        // A created run has an id of its own.
        public bool Equals(Answer? other) =>
            other is not null
            && (Status, Headers, Body, HasLocation) == (other.Status, other.Headers, other.Body, other.HasLocation);

        public override int GetHashCode() => HashCode.Combine(Status, Headers, Body, HasLocation);
    }

    private sealed record Owned(string Run, string Activity, string ETag, string State);
}
