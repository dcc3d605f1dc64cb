using System.Text.Json.Nodes;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Runs;

/// <summary>
/// Sends each request with a text that is not an id, and with an id that does not exist. A client cannot distinguish
/// them.
/// </summary>
public sealed class UnknownIdTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Unknown = "01900000-0000-7000-8000-000000000000";

    private const string Activity = """
        {
          "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity",
          "displayName": "a",
          "status": "inProgress"
        }
        """;

    private const string Changes = """{"displayName":"x"}""";

    public static TheoryData<string, string, string?, string?, string> Requests =>
        new()
        {
            { "GET", "process/runs/{0}", null, null, "runNotFound" },
            { "GET", "process/runs/{0}?$expand=activities", null, null, "runNotFound" },
            { "GET", "process/runs/{0}?$select=x", null, null, "invalidQueryOption" },
            { "GET", "process/runs/{0}/getStatistics", null, null, "runNotFound" },
            { "DELETE", "process/runs/{0}", null, null, "runNotFound" },
            { "DELETE", "process/runs/{0}", null, "x", "malformedEntityTag" },
            { "PATCH", "process/runs/{0}", Changes, null, "runNotFound" },
            { "PATCH", "process/runs/{0}", """{"displayName":1}""", null, "notAString" },
            { "PATCH", "process/runs/{0}", "[]", null, "notAnObject" },
            { "PATCH", "process/runs/{0}", Changes, "x", "malformedEntityTag" },
            { "GET", "process/runs/{0}/activities", null, null, "runNotFound" },
            { "GET", "process/runs/{0}/activities/$count", null, null, "runNotFound" },
            { "GET", "process/runs/{0}/activities/$ref", null, null, "runNotFound" },
            { "POST", "process/runs/{0}/activities", Activity, null, "runNotFound" },
            { "POST", "process/runs/{0}/activities", "{", null, "malformedJson" },
            { "GET", $"process/runs/{Unknown}/activities/{{0}}", null, null, "runNotFound" },
            { "GET", "process/runs/{1}/activities/{0}", null, null, "activityNotFound" },
            { "PATCH", $"process/runs/{Unknown}/activities/{{0}}", Changes, null, "runNotFound" },
            { "PATCH", "process/runs/{1}/activities/{0}", Changes, null, "activityNotFound" },
            { "PATCH", "process/runs/{1}/activities/{0}", """{"displayName":1}""", null, "notAString" },
        };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Request_with_a_text_that_is_no_id_is_answered_like_one_with_an_unknown_id(
        string method,
        string path,
        string? body,
        string? ifMatch,
        string cause
    )
    {
        var run = (await AddAsync(Bodies.Run)).Segments[^1];

        var unknown = await SendAsync(Unknown);
        foreach (var text in (string[])["nightly", "01900000000070008000000000000000", "it''s"])
        {
            (await SendAsync(text)).ShouldBe(unknown);
        }

        unknown.Cause.ShouldBe(cause);

        async Task<(int Status, string Headers, string Error, string Cause)> SendAsync(string id)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), string.Format(null, path, id, run));
            if (body is not null)
            {
                request.Content = Bodies.Json(body);
            }

            if (ifMatch is not null)
            {
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            }

            using var response = await Client.SendAsync(request, Cancellation);
            var json = await response.JsonAsync();
            var error = JsonNode.Parse(json.GetProperty("error").GetRawText())!.AsObject();
            var inner = error["innerError"]!.AsObject();
            foreach (var perRequest in (string[])["date", "request-id", "client-request-id"])
            {
                inner.Remove(perRequest);
            }

            var headers = response.Headers.Select(h => h.Key).Where(h => h is not "Date").Order();
            return ((int)response.StatusCode, string.Join(",", headers), error.ToJsonString(), json.Cause());
        }
    }
}
