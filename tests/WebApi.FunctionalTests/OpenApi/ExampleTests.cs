using System.Text.Json;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Runs;

namespace IndustryData.WebApi.FunctionalTests.OpenApi;

/// <summary>
/// Sends every example request of the OpenAPI document. The ids in the request are replaced by the ids of an existing
/// run and an existing activity.
/// </summary>
public sealed class ExampleTests(TestDatabase database) : IAsyncLifetime, IClassFixture<TestDatabase>
{
    private static readonly string[] _documentedHeaders =
    [
        "Location",
        "OData-EntityId",
        "ETag",
        "Preference-Applied",
        "Repeatability-Result",
        "Retry-After",
        "WWW-Authenticate",
    ];

    private RunningService _service = null!;
    private JsonElement _document;
    private SchemaCheck _schemas = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await database.EmptyAsync();
        _service = await RunningService.StartAsync(database.ConnectionString, ("StartRateLimit:MaxStarts", "1000"));
        _document = await _service.Client.GetJsonAsync(new Uri(_service.Root, "openapi/v1.json"));
        _schemas = new SchemaCheck(_document);
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Every_example_is_answered_as_documented()
    {
        var sent = 0;
        foreach (var path in _document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                foreach (var (parameters, body) in Requests(operation.Value))
                {
                    await SendAsync(path.Name, operation, parameters, body);
                    sent++;
                }
            }
        }

        sent.ShouldBeGreaterThan(100);
    }

    [Theory]
    [InlineData(null, "", 401)]
    [InlineData("IndustryData-Nothing", "", 403)]
    [InlineData("IndustryData-Run.ReadWrite.All", "?$bogus=1", 400)]
    public async Task What_is_refused_is_refused_as_documented(string? permission, string query, int status)
    {
        using var client = _service.Authorized(permission is null ? null : Tokens.Make(roles: [permission]));
        var refused = 0;

        // A batch requires no permission of its own.
        foreach (
            var path in _document
                .GetProperty("paths")
                .EnumerateObject()
                .Where(p => status != 403 || p.Name != "/$batch")
        )
        {
            foreach (
                var operation in path
                    .Value.EnumerateObject()
                    .Where(o =>
                        o.Value.GetProperty("responses").TryGetProperty($"{status}", out _)
                        && o.Value.GetProperty("security").GetArrayLength() > 0
                    )
            )
            {
                using var request = new HttpRequestMessage(
                    HttpMethod.Parse(operation.Name),
                    path.Name.TrimStart('/') + query
                );
                using var response = await client.SendAsync(request, Cancellation);
                ((int)response.StatusCode).ShouldBe(status, $"{request.Method} {path.Name}");
                var documented = _schemas.Follow(operation.Value.GetProperty("responses").GetProperty($"{status}"));
                _schemas
                    .Faults(
                        await response.JsonAsync(),
                        documented.GetProperty("content").GetProperty("application/json").GetProperty("schema")
                    )
                    .ShouldBeEmpty();
                var headers = documented.TryGetProperty("headers", out var named)
                    ? named.EnumerateObject().Select(h => h.Name)
                    : [];
                headers.ShouldBeSubsetOf(response.Headers.Select(h => h.Key));
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(25);
    }

    [Fact]
    public void Every_body_in_an_example_is_of_the_schema()
    {
        foreach (var path in _document.GetProperty("paths").EnumerateObject())
        {
            foreach (
                var operation in path.Value.EnumerateObject().Where(o => o.Value.TryGetProperty("requestBody", out _))
            )
            {
                var content = operation
                    .Value.GetProperty("requestBody")
                    .GetProperty("content")
                    .GetProperty("application/json");
                content.GetProperty("examples").EnumerateObject().ShouldNotBeEmpty(path.Name);
                foreach (var example in content.GetProperty("examples").EnumerateObject())
                {
                    _schemas
                        .Faults(example.Value.GetProperty("value"), content.GetProperty("schema"))
                        .ShouldBeEmpty($"{operation.Name} {path.Name}, {example.Name}");
                }
            }
        }
    }

    /// <summary>
    /// Returns the requests of an operation: each body alone, no body if none is required, each parameter that has an
    /// example with the first body, and all of these parameters with the first body, as the reference page sends them.
    /// </summary>
    private IEnumerable<(JsonElement[] Parameters, string? Body)> Requests(JsonElement operation)
    {
        List<string?> bodies = [];
        if (operation.TryGetProperty("requestBody", out var request))
        {
            bodies.AddRange(
                request
                    .GetProperty("content")
                    .GetProperty("application/json")
                    .GetProperty("examples")
                    .EnumerateObject()
                    .Select(e => e.Value.GetProperty("value").GetRawText())
            );
        }

        if (
            request.ValueKind == JsonValueKind.Undefined
            || !request.TryGetProperty("required", out var required)
            || !required.GetBoolean()
        )
        {
            bodies.Add(null);
        }

        JsonElement[] parameters =
        [
            .. Parameters(operation)
                .Where(p => p.GetProperty("in").GetString() != "path" && p.TryGetProperty("example", out _)),
        ];
        return
        [
            .. bodies.Select(body => ((JsonElement[])[], body)),
            .. parameters.Select(p => ((JsonElement[])[p], bodies[0])),
            (parameters, bodies[0]),
        ];
    }

    private IEnumerable<JsonElement> Parameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Select(_schemas.Follow)
            : [];

    private async Task SendAsync(string path, JsonProperty operation, JsonElement[] parameters, string? body)
    {
        var run = await AddRunAsync();
        string Real(string text) =>
            text.Replace("{id}", run.Id, StringComparison.Ordinal)
                .Replace("{activityId}", run.ActivityId, StringComparison.Ordinal)
                .Replace(RunOperations.ExampleId, run.Id, StringComparison.Ordinal)
                .Replace(ActivityOperations.ExampleId, run.ActivityId, StringComparison.Ordinal);

        using var request = new HttpRequestMessage(HttpMethod.Parse(operation.Name), Real(path).TrimStart('/'));
        if (body is not null)
        {
            request.Content = Bodies.Json(Real(body));
        }

        var query = new List<string>();
        foreach (var parameter in parameters)
        {
            var (name, example) = (parameter.Text("name"), parameter.GetProperty("example"));
            var text = example.ValueKind == JsonValueKind.String ? example.GetString()! : example.GetRawText();
            if (parameter.Text("in") == "header")
            {
                request.Headers.TryAddWithoutValidation(name, text).ShouldBeTrue();
            }
            else
            {
                query.Add($"{name}={Uri.EscapeDataString(text)}");
            }
        }

        request.RequestUri = new Uri(
            $"{request.RequestUri}{(query.Count > 0 ? "?" : "")}{string.Join('&', query)}",
            UriKind.Relative
        );
        using var client =
            operation.Value.GetProperty("security").GetArrayLength() == 0
                ? _service.Authorized(null)
                : _service.Authorized(Tokens.Make());
        using var response = await client.SendAsync(request, Cancellation);
        var answer = await response.Content.ReadAsStringAsync(Cancellation);

        var what =
            $"{request.Method} {request.RequestUri} {request.Headers} {body}: {(int)response.StatusCode} {answer}";
        ((int)response.StatusCode).ShouldBeInRange(200, 299, what);
        operation
            .Value.GetProperty("responses")
            .TryGetProperty($"{(int)response.StatusCode}", out var documented)
            .ShouldBeTrue(what);
        var headers = documented.TryGetProperty("headers", out var named)
            ? named.EnumerateObject().Select(h => h.Name)
            : [];
        response.Headers.Select(h => h.Key).Intersect(_documentedHeaders).ShouldBeSubsetOf(headers, what);
        documented.TryGetProperty("content", out var content).ShouldBe(answer.Length > 0, what);
        if (answer.Length > 0)
        {
            var media = response.Content.Headers.ContentType!.MediaType!;
            content.TryGetProperty(media, out var schema).ShouldBeTrue(what);
            if (media == "application/json")
            {
                _schemas
                    .Faults(JsonDocument.Parse(answer).RootElement, schema.GetProperty("schema"))
                    .ShouldBeEmpty(what);
            }
        }
    }

    private async Task<(string Id, string ActivityId)> AddRunAsync()
    {
        const string body = """
            { "displayName": "Nightly rostering", "startDateTime": "2026-11-22T02:00:00Z", "status": "running",
              "statistics": {
                "inboundTotals": { "people": 5, "matchedPeopleByRole": [ { "role": "student", "count": 4 } ] },
                "rows": [ 1.50 ],
                "activityStatistics": [ { "activityId": "a", "displayName": "A", "status": "completed",
                  "people": { "active": 1, "total": 2 } } ] },
              "activities": [ { "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity",
                "displayName": "Students", "status": "inProgress",
                "blockingError": { "code": "c", "details": [ { "message": "m" } ],
                  "innerError": { "code": "i", "more": [] } },
                "activity": { "id": "s", "displayName": "S", "readinessStatus": "ready" } } ] }
            """;
        using var response = await _service.Client.PostAsync("process/runs", Bodies.Json(body), Cancellation);
        var id = (await response.JsonAsync()).Text("id");
        var activities = await _service.Client.GetJsonAsync(new Uri(_service.Root, $"process/runs/{id}/activities"));
        return (id, activities.GetProperty("value")[0].Text("id"));
    }
}
