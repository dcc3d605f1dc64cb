using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.OData.Edm;
using Xunit.Sdk;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <content>The requests that the checks send, and the values in them.</content>
internal sealed partial class AnnotationProbe
{
    // The statistics of a run are read by getStatistics, which returns the declared properties.
    private async Task<bool> HasAsync(string id, string path, string wanted)
    {
        const string statistics = "statistics/";
        var isStatistics = path.StartsWith(statistics, StringComparison.Ordinal);
        var answer = await SendAsync("GET", $"process/runs/{id}{(isStatistics ? "/getStatistics" : "")}");
        return Has(await JsonAsync(answer), isStatistics ? path[statistics.Length..] : path, wanted);
    }

    private static bool Has(JsonElement json, string path, string wanted)
    {
        var value = json;
        foreach (var name in path.Split('/'))
        {
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out value))
            {
                return false;
            }
        }

        return value.ToString() == wanted;
    }

    /// <summary>Puts a valid value that no run has by itself at a path, and returns its text.</summary>
    private static string Place(JsonObject body, string path, bool isRun = true)
    {
        var (parts, at) = (path.Split('/'), body);
        foreach (var name in parts.SkipLast(1))
        {
            if (at[name] is not JsonObject inner)
            {
                at[name] = inner = [];
            }

            at = inner;
        }

        var wanted = parts[^1] switch
        {
            "id" => $"{Guid.NewGuid()}",
            "startDateTime" => "2026-11-22T01:00:00Z",
            "endDateTime" => "2026-11-22T03:00:00Z",
            "createdDateTime" or "lastModifiedDateTime" => "2001-02-03T04:05:06Z",
            // A blocking error is allowed with each of them.
            "status" when parts.Length > 1 => "completed",
            "status" => "failed",
            _ => "12",
        };
        at[parts[^1]] = parts is ["statistics", "inboundTotals", _] ? JsonValue.Create(12) : JsonValue.Create(wanted);
        if (parts is ["status"] && isRun)
        {
            body["endDateTime"] = "2026-11-22T02:41:07Z";
        }

        return wanted;
    }

    private IEdmStructuredType RunType => (IEdmStructuredType)model.FindDeclaredType($"{Namespace}.industryDataRun");

    private IEdmStructuredType ActivityType =>
        (IEdmStructuredType)model.FindDeclaredType($"{Namespace}.industryDataRunActivity");

    private string DerivedType(IEdmStructuredType type) =>
        type == RunType ? RunType.FullTypeName() : $"{Namespace}.inboundFlowActivity";

    private static IEnumerable<(string Path, IEdmTypeReference Type)> PathsOf(
        IEdmStructuredType type,
        string prefix = ""
    )
    {
        foreach (var property in type.StructuralProperties())
        {
            var path = prefix + property.Name;
            yield return (path, property.Type);
            if (property.Type.IsComplex())
            {
                foreach (var below in PathsOf(property.Type.AsComplex().ComplexDefinition(), $"{path}/"))
                {
                    yield return below;
                }
            }
        }
    }

    private static string Condition(string path, IEdmTypeReference type) =>
        type.IsCollection() ? $"{path}/any()" : $"{path} eq {Literal(type)}";

    private static string Literal(IEdmTypeReference type) =>
        type switch
        {
            _ when type.IsEnum() => "'failed'",
            _ when type.IsDateTimeOffset() => "2026-01-01T00:00:00Z",
            _ when type.IsString() => "'x'",
            _ when type.IsIntegral() => "1",
            _ => "null",
        };

    private static IReadOnlyList<object> List(object value) => (IReadOnlyList<object>)value;

    private static XunitException Unknown(string what) => new($"The tests do not know {what}; add a check.");

    private static Task Checked(Action check)
    {
        check();
        return Task.CompletedTask;
    }

    private async Task<string> AddRunAsync(string runs = "process/runs") =>
        (await JsonAsync(await SendAsync("POST", runs, NewRun))).Text("id");

    private async Task<string> AddActivityAsync(string activities) =>
        (await JsonAsync(await SendAsync("POST", activities, NewActivity))).Text("id");

    // A batch of one request, with further members of the request.
    private static string Batch(string members)
    {
        var item = JsonNode.Parse(members)!.AsObject();
        (item["id"], item["method"], item["url"]) = ("1", "GET", "/process/runs?$top=1");
        return new JsonObject { ["requests"] = new JsonArray(item) }.ToJsonString();
    }

    /// <summary>
    /// Sends a batch of two requests, of which the second depends on the first, and returns true if the second one
    /// succeeds.
    /// </summary>
    private async Task<bool> IsSecondOkAsync(params (string Method, string Url, string Body, string IfMatch)[] items)
    {
        var requests = items.Select(
            (item, i) =>
                new JsonObject
                {
                    ["id"] = i == 0 ? "first" : "second",
                    ["method"] = item.Method,
                    ["url"] = item.Url,
                    ["headers"] = new JsonObject { ["Content-Type"] = "application/json", ["If-Match"] = item.IfMatch },
                    ["body"] = JsonNode.Parse(item.Body),
                    ["dependsOn"] = i == 0 ? [] : new JsonArray("first"),
                }
        );
        var batch = new JsonObject { ["requests"] = new JsonArray([.. requests]) };
        var answers = (await JsonAsync(await SendAsync("POST", "$batch", batch.ToJsonString())))
            .GetProperty("responses")
            .EnumerateArray()
            .ToDictionary(a => a.Text("id"), a => a.GetProperty("status").GetInt32());
        answers["first"].ShouldBeLessThan(300);
        return answers["second"] < 300;
    }

    private async Task<bool> IsOkAsync(
        string method,
        string url,
        string? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var answer = await SendAsync(method, url, body, headers: headers);
        return (int)answer.StatusCode switch
        {
            200 or 201 or 202 or 204 => true,
            400 or 404 or 405 or 406 or 409 or 412 or 415 or 501 => false,
            var status => throw new InvalidOperationException($"{method} {url} is answered with {status}."),
        };
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method,
        string url,
        string? body = null,
        HttpClient? client = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (var (name, value) in headers)
        {
            if (name.StartsWith("Content-", StringComparison.Ordinal))
            {
                request.Content!.Headers.Remove(name);
                request.Content.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
            }
            else
            {
                request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
            }
        }

        return await (client ?? service.Client).SendAsync(request, Cancellation);
    }

    private static Task<JsonElement> JsonAsync(HttpResponseMessage response) => response.JsonAsync();
}
