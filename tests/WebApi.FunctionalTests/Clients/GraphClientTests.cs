using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Graph;
using Microsoft.Graph.Core.Requests;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Authentication;
using Microsoft.Kiota.Abstractions.Serialization;
using Microsoft.Kiota.Serialization.Json;

namespace IndustryData.WebApi.FunctionalTests.Clients;

/// <summary>Tests the unchanged service with the client library on which the Microsoft Graph SDKs are built.</summary>
public sealed class GraphClientTests(TestDatabase database) : FunctionalTest(database)
{
    private static readonly Dictionary<string, ParsableFactory<IParsable>> _errors = new()
    {
        ["XXX"] = ServiceError.Create,
    };

    // The constructor of every generated client does the same.
    static GraphClientTests() => ApiClientBuilder.RegisterDefaultDeserializer<JsonParseNodeFactory>();

    [Fact]
    public async Task Posts_a_run_and_reads_it_back()
    {
        using var graph = Graph(Tokens.Make());
        var added = await graph.SendPrimitiveAsync<Stream>(
            Request(graph, Method.POST, "/external/industryData/runs", Bodies.Run),
            _errors,
            Cancellation
        );
        var id = (await NodeAsync(added!)).GetChildNode("id")!.GetStringValue()!;

        var read = await graph.SendPrimitiveAsync<Stream>(
            Request(graph, Method.GET, $"/external/industryData/runs/{id}"),
            _errors,
            Cancellation
        );
        (await NodeAsync(read!)).GetChildNode("displayName")!.GetStringValue().ShouldBe("Nightly rostering");
        var statistics = await graph.SendPrimitiveAsync<Stream>(
            Request(
                graph,
                Method.GET,
                $"/external/industryData/runs/{id}/microsoft.graph.industryData.getStatistics()"
            ),
            _errors,
            Cancellation
        );
        (await NodeAsync(statistics!)).GetChildNode("runId")!.GetStringValue().ShouldBe(id);
    }

    [Fact]
    public async Task Adds_by_reference_without_content_and_lists()
    {
        using var graph = Graph(Tokens.Make());
        await graph.SendNoContentAsync(
            Request(graph, Method.POST, "/process/runs/$ref", Bodies.Run),
            _errors,
            Cancellation
        );
        await graph.SendNoContentAsync(
            Request(graph, Method.POST, "/process/runs/$ref", Bodies.Run),
            _errors,
            Cancellation
        );

        var list = await graph.SendPrimitiveAsync<Stream>(
            Request(graph, Method.GET, "/process/runs?$top=1"),
            _errors,
            Cancellation
        );
        var page = await NodeAsync(list!);
        page.GetChildNode("value")!.GetCollectionOfObjectValues(Run.Create).Count().ShouldBe(1);
        var next = new RequestInformation
        {
            HttpMethod = Method.GET,
            URI = new Uri(page.GetChildNode("@odata.nextLink")!.GetStringValue()!),
        };
        var rest = await graph.SendPrimitiveAsync<Stream>(next, _errors, Cancellation);
        (await NodeAsync(rest!))
            .GetChildNode("value")!
            .GetCollectionOfObjectValues(Run.Create)
            .Single()
            .DisplayName.ShouldBe("Nightly rostering");
    }

    [Fact]
    public async Task Understands_refusals()
    {
        using var graph = Graph(Tokens.Make());
        var invalid = await Should.ThrowAsync<ServiceError>(() =>
            graph.SendNoContentAsync(Request(graph, Method.POST, "/process/runs/$ref", "{}"), _errors, Cancellation)
        );
        invalid.ResponseStatusCode.ShouldBe(400);
        invalid.Code.ShouldBe("badRequest");

        using var stranger = Graph(Tokens.SignedByNobody());
        (
            await Should.ThrowAsync<ServiceError>(() =>
                stranger.SendNoContentAsync(Request(stranger, Method.GET, "/process/runs"), _errors, Cancellation)
            )
        ).ResponseStatusCode.ShouldBe(401);
    }

    [Fact]
    public async Task Posts_twenty_runs_in_one_batch_and_reads_the_answers()
    {
        using var graph = Graph(Tokens.Make());
        var batch = new BatchRequestContentCollection(graph);
        var ids = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            ids.Add(
                await batch.AddBatchRequestStepAsync(
                    Request(graph, Method.POST, "/external/industryData/runs", Bodies.RunAt(i, $"Run {i}"))
                )
            );
        }

        var answers = await new BatchRequestBuilder(graph).PostAsync(batch, Cancellation, _errors);

        (await answers.GetResponsesStatusCodesAsync()).Values.ShouldBe(
            Enumerable.Repeat(System.Net.HttpStatusCode.Created, 20)
        );
        for (var i = 0; i < 20; i++)
        {
            using var answer = await answers.GetResponseByIdAsync(ids[i]);
            answer.Headers.Location!.ToString().ShouldStartWith($"{graph.BaseUrl}/external/industryData/runs/");
            (await answers.GetResponseByIdAsync<Run>(ids[i])).DisplayName.ShouldBe($"Run {i}");
        }
    }

    [Fact]
    public async Task Reads_of_a_batch_what_failed_and_what_was_not_tried()
    {
        using var graph = Graph(Tokens.Make());
        var batch = new BatchRequestContentCollection(graph);
        var failing = await batch.AddBatchRequestStepAsync(Request(graph, Method.POST, "/process/runs/$ref", "{}"));
        using var after = new HttpRequestMessage(HttpMethod.Get, $"{graph.BaseUrl}/process/runs?$top=1");
        batch.AddBatchRequestStep(new BatchRequestStep("after", after, [failing]));
        var listing = await batch.AddBatchRequestStepAsync(Request(graph, Method.GET, "/process/runs?$top=1"));

        var answers = await new BatchRequestBuilder(graph).PostAsync(batch, Cancellation, _errors);

        var statuses = await answers.GetResponsesStatusCodesAsync();
        statuses
            .Select(s => (s.Key, (int)s.Value))
            .ShouldBe([(failing, 400), ("after", 424), (listing, 200)], ignoreOrder: true);
        using var refused = await answers.GetResponseByIdAsync(failing);
        (await refused.JsonAsync()).GetProperty("error").Text("code").ShouldBe("badRequest");
        batch.NewBatchWithFailedRequests(statuses).BatchRequestSteps.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Walks_five_thousand_runs_that_batches_added_and_meets_each_once()
    {
        const int runs = 5000;
        using var graph = Graph(Tokens.Make());
        for (var first = 0; first < runs; first += 20)
        {
            var batch = new BatchRequestContentCollection(graph);
            foreach (var i in Enumerable.Range(first, 20))
            {
                await batch.AddBatchRequestStepAsync(
                    Request(graph, Method.POST, "/process/runs/$ref", Bodies.RunAt(i % 900, $"Run {i}"))
                );
            }

            var answers = await new BatchRequestBuilder(graph).PostAsync(batch, Cancellation, _errors);
            (await answers.GetResponsesStatusCodesAsync()).Values.ShouldAllBe(s =>
                s == System.Net.HttpStatusCode.NoContent
            );
        }

        foreach (
            var path in (string[])
                [
                    "/external/industryData/runs",
                    "/external/industryData/runs?$top=999&$orderby=displayName",
                    "/process/runs/delta",
                    "/process/runs/microsoft.graph.industryData.delta()?$top=321&$select=displayName",
                ]
        )
        {
            var page = await graph.SendAsync(
                Request(graph, Method.GET, path),
                _ => new RunPage(),
                _errors,
                Cancellation
            );
            var met = new List<string>();
            var walk = PageIterator<Run, RunPage>.CreatePageIterator(
                graph,
                page!,
                run =>
                {
                    met.Add(run.DisplayName!);
                    return true;
                },
                errorMapping: _errors
            );
            await walk.IterateAsync(Cancellation);

            met.Order().ShouldBe(Enumerable.Range(0, runs).Select(i => $"Run {i}").Order(), path);
            walk.State.ShouldBe(
                path.Contains("delta", StringComparison.Ordinal) ? PagingState.Delta : PagingState.Complete
            );
            if (walk.State == PagingState.Delta)
            {
                // A transaction of another test may have been open since before the walk. Changes are then repeated.
                var link = walk.Deltalink;
                await Poll.UntilAsync(
                    async () =>
                    {
                        var request = new RequestInformation { HttpMethod = Method.GET, URI = new Uri(link) };
                        var changes = (await graph.SendAsync(request, _ => new RunPage(), _errors, Cancellation))!;
                        changes.Value!.ShouldAllBe(run => met.Contains(run.DisplayName!));
                        link = changes.OdataNextLink ?? changes.OdataDeltaLink ?? link;
                        return changes.Value!.Count == 0;
                    },
                    "A delta without changes"
                );
            }
        }
    }

    private static RequestInformation Request(
        BaseGraphRequestAdapter graph,
        Method method,
        string path,
        string? body = null
    )
    {
        var request = new RequestInformation(
            method,
            "{+baseurl}" + path,
            new Dictionary<string, object> { ["baseurl"] = graph.BaseUrl! }
        );
        request.Headers.Add("Accept", "application/json");
        if (body is not null)
        {
            request.SetStreamContent(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(body)), "application/json");
        }

        return request;
    }

    private static Task<IParseNode> NodeAsync(Stream json) =>
        new JsonParseNodeFactory().GetRootParseNodeAsync("application/json", json, Cancellation);

    private BaseGraphRequestAdapter Graph(string token) =>
        new(
            new BaseBearerTokenAuthenticationProvider(new FixedToken(token, Service.Root.Host)),
            new GraphClientOptions()
        )
        {
            BaseUrl = $"{Service.Root}beta",
        };

    private sealed class FixedToken(string token, string host) : IAccessTokenProvider
    {
        public AllowedHostsValidator AllowedHostsValidator { get; } = new([host]);

        public Task<string> GetAuthorizationTokenAsync(
            Uri uri,
            Dictionary<string, object>? additionalAuthenticationContext = null,
            CancellationToken cancellationToken = default
        ) => Task.FromResult(token);
    }

    private sealed class Run : IParsable
    {
        public string? DisplayName { get; private set; }

        public static Run Create(IParseNode node) => new();

        public IDictionary<string, Action<IParseNode>> GetFieldDeserializers() =>
            new Dictionary<string, Action<IParseNode>> { ["displayName"] = n => DisplayName = n.GetStringValue() };

        public void Serialize(ISerializationWriter writer) => throw new NotSupportedException();
    }

    // The page iterator finds these members by name. Generated page types have the same members.
    private sealed class RunPage : IParsable, IAdditionalDataHolder
    {
        public List<Run>? Value { get; set; }

        public string? OdataNextLink { get; set; }

        public string? OdataDeltaLink { get; set; }

        public IDictionary<string, object> AdditionalData { get; set; } = new Dictionary<string, object>();

        public IDictionary<string, Action<IParseNode>> GetFieldDeserializers() =>
            new Dictionary<string, Action<IParseNode>>
            {
                ["value"] = n => Value = n.GetCollectionOfObjectValues(Run.Create).ToList(),
                ["@odata.nextLink"] = n => OdataNextLink = n.GetStringValue(),
                ["@odata.deltaLink"] = n => OdataDeltaLink = n.GetStringValue(),
            };

        public void Serialize(ISerializationWriter writer) => throw new NotSupportedException();
    }

    private sealed class ServiceError : ApiException, IParsable
    {
        public string? Code { get; private set; }

        public static ServiceError Create(IParseNode node) => new();

        public IDictionary<string, Action<IParseNode>> GetFieldDeserializers() =>
            new Dictionary<string, Action<IParseNode>>
            {
                ["error"] = n => Code = n.GetChildNode("code")!.GetStringValue(),
            };

        public void Serialize(ISerializationWriter writer) => throw new NotSupportedException();
    }
}
