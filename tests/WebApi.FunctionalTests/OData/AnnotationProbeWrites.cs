using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.OData.Edm;
using Xunit.Sdk;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <content>The checks of insertions, updates and deletions, and of their headers.</content>
internal sealed partial class AnnotationProbe
{
    private async Task CheckInsertAsync(string url, IEdmStructuredType type, string body, string part, object value)
    {
        switch (part)
        {
            case "Insertable":
                (await IsOkAsync("POST", url, body)).ShouldBe(value);
                break;
            case "NonInsertableProperties" when type == RunType:
                foreach (var path in PathsOf(type).Where(p => p.Type.IsPrimitive() || p.Type.IsEnum()))
                {
                    // The service keeps the text of statistics. Only its own answer has other values there.
                    (await IsKeptAsync(path.Path)).ShouldBe(!List(value).Contains(path.Path), path.Path);
                }

                break;
            case "NonInsertableProperties":
                var sent = JsonNode.Parse(body)!.AsObject();
                var wanted = Guid.NewGuid().ToString();
                sent["id"] = wanted;
                var added = await JsonAsync(await SendAsync("POST", url, sent.ToJsonString()));
                List(value).Contains("id").ShouldBe(added.Text("id") != wanted);
                break;
            case "RequiredProperties":
                foreach (var name in JsonNode.Parse(body)!.AsObject().Select(m => m.Key).Where(n => !n.Contains('@')))
                {
                    var without = JsonNode.Parse(body)!.AsObject();
                    without.Remove(name);
                    (await IsOkAsync("POST", url, without.ToJsonString())).ShouldBe(!List(value).Contains(name), name);
                }

                break;
            case "TypecastSegmentSupported":
                (await IsOkAsync("POST", $"{url}/{DerivedType(type)}", body)).ShouldBe(value);
                break;
            case "Permissions":
                await CheckPermissionsAsync(value, () => ("POST", url, body));
                break;
            case "CustomHeaders":
                await CheckHeadersAsync(
                    value,
                    new(IdempotencyProbes("POST", url, body))
                    {
                        ["Prefer"] = async () =>
                            (await SendAsync("POST", url, body, headers: ("Prefer", "return=minimal"))).StatusCode
                            == HttpStatusCode.NoContent,
                    }
                );
                break;
            default:
                throw Unknown(part);
        }
    }

    private async Task CheckUpdateAsync(string url, string one, IEdmStructuredType type, string part, object value)
    {
        const string change = """{ "displayName": "Renamed" }""";
        var isRun = type == RunType;
        switch (part)
        {
            case "Updatable":
                (await IsOkAsync("PATCH", one, change)).ShouldBe(value);
                break;
            case "Upsertable":
                (await IsOkAsync("PATCH", $"{url}/{Guid.NewGuid()}", isRun ? NewRun : NewActivity)).ShouldBe(value);
                break;
            case "DeltaUpdateSupported":
                (await IsOkAsync("PATCH", url, """{ "@context": "#$delta", "value": [] }""")).ShouldBe(value);
                break;
            case "UpdateMethod":
                (await IsOkAsync("PATCH", one, change)).ShouldBe(((string)value).Contains("PATCH"));
                (await IsOkAsync("PUT", one, isRun ? NewRun : NewActivity)).ShouldBe(((string)value).Contains("PUT"));
                break;
            case "FilterSegmentSupported":
                (await IsOkAsync("PATCH", $"{url}/$filter(displayName eq 'x')/$each", change)).ShouldBe(value);
                break;
            case "TypecastSegmentSupported":
                (await IsOkAsync("PATCH", $"{one}/{DerivedType(type)}", change)).ShouldBe(value);
                break;
            case "NonUpdatableProperties":
                foreach (var path in PathsOf(type).Where(p => p.Type.IsPrimitive() || p.Type.IsEnum()))
                {
                    (await IsUpdatedAsync(one, isRun, path.Path)).ShouldBe(!List(value).Contains(path.Path), path.Path);
                }

                break;
            case "NonUpdatableNavigationProperties":
                foreach (
                    var (name, body) in ((string, string)[])
                        [("activities", """{ "activities": [] }"""), ("activity", """{ "activity": null }""")]
                )
                {
                    if (type.FindProperty(name) is not null)
                    {
                        (await IsOkAsync("PATCH", one, body)).ShouldBe(!List(value).Contains(name), name);
                    }
                }

                break;
            case "Permissions":
                await CheckPermissionsAsync(value, () => ("PATCH", one, change));
                break;
            case "CustomHeaders":
                await CheckHeadersAsync(
                    value,
                    new()
                    {
                        ["If-Match"] = async () =>
                            !await IsOkAsync("PATCH", one, change, headers: ("If-Match", "W/\"999\"")),
                        ["Prefer"] = async () =>
                            (await SendAsync("PATCH", one, change, headers: ("Prefer", "return=minimal"))).StatusCode
                            == HttpStatusCode.NoContent,
                    }
                );
                break;
            default:
                throw Unknown(part);
        }
    }

    private async Task CheckDeleteAsync(string url, string one, string part, object value)
    {
        switch (part)
        {
            case "Deletable":
                (await IsOkAsync("DELETE", one)).ShouldBe(value);
                break;
            case "FilterSegmentSupported":
                (await IsOkAsync("DELETE", $"{url}/$filter(displayName eq 'x')/$each")).ShouldBe(value);
                break;
            case "TypecastSegmentSupported":
                (await IsOkAsync("DELETE", $"{one}/{DerivedType(RunType)}")).ShouldBe(value);
                break;
            case "Permissions":
                var runs = new Queue<string>();
                for (var i = 0; i < _permissions.Length; i++)
                {
                    runs.Enqueue($"{url}/{await AddRunAsync(url)}");
                }

                await CheckPermissionsAsync(value, () => ("DELETE", runs.Dequeue(), null));
                break;
            case "CustomHeaders":
                await CheckHeadersAsync(
                    value,
                    new()
                    {
                        ["If-Match"] = async () => !await IsOkAsync("DELETE", one, headers: ("If-Match", "W/\"999\"")),
                    }
                );
                break;
            default:
                throw Unknown(part);
        }
    }

    /// <summary>
    /// Checks that exactly the listed headers have an effect and that none is required. Requests without them are sent
    /// by the other checks.
    /// </summary>
    private static async Task CheckHeadersAsync(object value, Dictionary<string, Func<Task<bool>>> probes)
    {
        var headers = List(value).Cast<IReadOnlyDictionary<string, object>>().ToList();
        headers.ShouldAllBe(h => !(bool)h["Required"] && ((string)h["Description"]).Length > 0);
        var names = headers.Select(h => (string)h["Name"]).ToList();
        foreach (var name in names.Except(probes.Keys))
        {
            throw Unknown($"header {name}");
        }

        foreach (var (name, hasEffect) in probes)
        {
            (await hasEffect()).ShouldBe(names.Contains(name), name);
        }
    }

    private Dictionary<string, Func<Task<bool>>> IdempotencyProbes(string method, string url, string? body)
    {
        async Task<bool> IsRepeatedAsync(params (string, string)[] headers)
        {
            var first = await SendAsync(method, url, body, headers: headers);
            var second = await SendAsync(method, url, body, headers: headers);
            return first.Headers.Location is { } location && location == second.Headers.Location;
        }

        (string, string) sent = (
            "Repeatability-First-Sent",
            DateTime.UtcNow.ToString("R", CultureInfo.InvariantCulture)
        );
        return new()
        {
            ["Idempotency-Key"] = () => IsRepeatedAsync(("Idempotency-Key", $"{Guid.NewGuid()}")),
            ["Repeatability-Request-ID"] = () =>
                IsRepeatedAsync(("Repeatability-Request-ID", $"{Guid.NewGuid()}"), sent),
            ["Repeatability-First-Sent"] = async () =>
                !await IsOkAsync(
                    method,
                    url,
                    body,
                    headers:
                    [
                        ("Repeatability-Request-ID", $"{Guid.NewGuid()}"),
                        (
                            "Repeatability-First-Sent",
                            DateTime.UtcNow.AddDays(-2).ToString("R", CultureInfo.InvariantCulture)
                        ),
                    ]
                ),
        };
    }

    /// <summary>Adds a run with a value at a path, and returns true if it has this value afterwards.</summary>
    private async Task<bool> IsKeptAsync(string path)
    {
        var body = JsonNode.Parse(NewRun)!.AsObject();
        var wanted = Place(body, path);
        var answer = await SendAsync("POST", "process/runs", body.ToJsonString());
        return answer.StatusCode == HttpStatusCode.Created
            && await HasAsync((await JsonAsync(answer)).Text("id"), path, wanted);
    }

    private async Task<bool> IsUpdatedAsync(string one, bool isRun, string path)
    {
        var body = new JsonObject();
        var wanted = Place(body, path, isRun);
        var answer = await SendAsync("PATCH", one, body.ToJsonString());
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Cancellation));
        return isRun
            ? await HasAsync(one.Split('/')[^1], path, wanted)
            : Has(await JsonAsync(await SendAsync("GET", one)), path, wanted);
    }
}
