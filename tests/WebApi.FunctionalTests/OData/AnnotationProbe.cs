using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.OData.Edm;
using Xunit.Sdk;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>
/// Sends the requests that an annotation of the model is about. A check throws <see cref="ShouldAssertException"/> if
/// the service does something else, and another exception if the tests do not know the annotation.
/// </summary>
internal sealed partial class AnnotationProbe(RunningService service, IEdmModel model)
{
    public const string Capabilities = "Org.OData.Capabilities.V1";

    private const string Namespace = "microsoft.graph.industryData";

    private const string NewRun = """
        { "displayName": "Nightly rostering", "startDateTime": "2026-11-22T02:00:00Z",
          "endDateTime": "2026-11-22T02:41:07Z", "status": "running", "blockingError": { "code": "diskFull" },
          "statistics": { "inboundTotals": { "people": 9120 } },
          "activities": [ { "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity",
                            "displayName": "Students", "status": "completed" } ] }
        """;

    private const string NewActivity = """
        { "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity", "displayName": "Students",
          "status": "failed", "blockingError": { "code": "diskFull" },
          "activity": { "id": "flow", "displayName": "The flow", "readinessStatus": "ready" } }
        """;

    private static readonly string[] _permissions =
    [
        "IndustryData-Run.Read.All",
        "IndustryData-Run.Start",
        "IndustryData-Run.ReadWrite.All",
    ];

    // The functions and operators of OData 4.01, each in a condition on runs.
    private static readonly Dictionary<string, string> _conditions = new()
    {
        ["eq"] = "displayName eq 'x'",
        ["ne"] = "displayName ne 'x'",
        ["gt"] = "displayName gt 'x'",
        ["ge"] = "displayName ge 'x'",
        ["lt"] = "displayName lt 'x'",
        ["le"] = "displayName le 'x'",
        ["in"] = "displayName in ('x')",
        ["has"] = "status has 'failed'",
        ["and"] = "id eq 'x' and id eq 'y'",
        ["or"] = "id eq 'x' or id eq 'y'",
        ["not"] = "not (id eq 'x')",
        ["add"] = "statistics/inboundTotals/people add 1 eq 2",
        ["sub"] = "statistics/inboundTotals/people sub 1 eq 2",
        ["mul"] = "statistics/inboundTotals/people mul 1 eq 2",
        ["div"] = "statistics/inboundTotals/people div 1 eq 2",
        ["mod"] = "statistics/inboundTotals/people mod 1 eq 2",
        ["any"] = "activities/any()",
        ["all"] = "activities/all(a:a/displayName eq 'x')",
        ["concat"] = "concat(displayName,'x') eq 'x'",
        ["contains"] = "contains(displayName,'x')",
        ["startswith"] = "startswith(displayName,'x')",
        ["endswith"] = "endswith(displayName,'x')",
        ["indexof"] = "indexof(displayName,'x') eq 1",
        ["length"] = "length(displayName) eq 1",
        ["substring"] = "substring(displayName,1) eq 'x'",
        ["matchesPattern"] = "matchesPattern(displayName,'x')",
        ["tolower"] = "tolower(displayName) eq 'x'",
        ["toupper"] = "toupper(displayName) eq 'x'",
        ["trim"] = "trim(displayName) eq 'x'",
        ["year"] = "year(startDateTime) eq 2026",
        ["month"] = "month(startDateTime) eq 1",
        ["day"] = "day(startDateTime) eq 1",
        ["hour"] = "hour(startDateTime) eq 1",
        ["minute"] = "minute(startDateTime) eq 1",
        ["second"] = "second(startDateTime) eq 1",
        ["fractionalseconds"] = "fractionalseconds(startDateTime) lt 1",
        ["totaloffsetminutes"] = "totaloffsetminutes(startDateTime) eq 1",
        ["date"] = "date(startDateTime) eq 2026-01-01",
        ["time"] = "time(startDateTime) eq 01:00:00",
        ["now"] = "startDateTime lt now()",
        ["mindatetime"] = "startDateTime gt mindatetime()",
        ["maxdatetime"] = "startDateTime lt maxdatetime()",
        ["round"] = "round(1.5) eq 2",
        ["floor"] = "floor(1.5) eq 1",
        ["ceiling"] = "ceiling(1.5) eq 2",
        ["cast"] = "cast(displayName,Edm.String) eq 'x'",
        ["isof"] = "isof(displayName,Edm.String)",
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Compares a statement with the service.</summary>
    public Task CheckAsync(Statement statement)
    {
        var path = statement.Path.StartsWith(Capabilities, StringComparison.Ordinal)
            ? statement.Path[(Capabilities.Length + 1)..]
            : statement.Path;
        return statement switch
        {
            { Path: "Org.OData.Core.V1.Description" or "Org.OData.Core.V1.LongDescription" } => Checked(() =>
                ((string)statement.Value).ShouldNotBeNullOrWhiteSpace()
            ),
            { Group: "service" } => CheckServiceAsync(path, statement.Value),
            { Group: "operations" } => CheckOperationAsync(statement.Place, path, statement.Value),
            { Group: "properties" } => CheckPropertyAsync(statement.Place, path, statement.Value),
            { Group: "external" or "process" or "external/industryData" } => CheckSingletonAsync(
                statement.Place,
                path,
                statement.Value
            ),
            _ => CheckCollectionAsync(statement.Group, statement.Place, path, statement.Value),
        };
    }

    private async Task CheckServiceAsync(string path, object value)
    {
        const string list = "process/runs?$top=1";
        switch (path)
        {
            case "Org.OData.Core.V1.ODataVersions":
                (await SendAsync("GET", list)).Headers.GetValues("OData-Version").Single().ShouldBe(value);
                break;
            case "Org.OData.Authorization.V1.Authorizations":
                var scheme = List(value).Cast<IReadOnlyDictionary<string, object>>().ShouldHaveSingleItem();
                using (var anonymous = service.Authorized(null))
                {
                    var challenge = await SendAsync("GET", list, client: anonymous);
                    challenge.Headers.WwwAuthenticate.Select(c => c.Scheme).ShouldContain((string)scheme["Scheme"]);
                }

                scheme["Name"].ShouldBe("bearer");
                scheme["BearerFormat"].ShouldBe("JWT");
                break;
            case "ConformanceLevel":
                // The next level requires that properties have URLs (OData Protocol §13.1.2).
                value.ShouldBe("Minimal");
                (await IsOkAsync("GET", $"process/runs/{await AddRunAsync()}/displayName")).ShouldBeFalse();
                break;
            case "SupportedFormats":
                foreach (var level in (string[])["none", "minimal", "full"])
                {
                    foreach (var compatible in (string[])["false", "true"])
                    {
                        var format =
                            $"application/json;odata.metadata={level};odata.streaming=true;"
                            + $"IEEE754Compatible={compatible};charset=utf-8";
                        (await SendAsync("GET", list, headers: ("Accept", format)))
                            .Content.Headers.NonValidated["Content-Type"]
                            .ToString()
                            .ShouldBe(format);
                        List(value).ShouldContain(format);
                    }
                }

                List(value).Count.ShouldBe(6);
                break;
            case "SupportedMetadataFormats":
                foreach (var format in (string[])["application/xml", "application/json", "application/yaml"])
                {
                    (await IsOkAsync("GET", "$metadata", headers: ("Accept", format))).ShouldBe(
                        List(value).Contains(format)
                    );
                }

                break;
            case "AcceptableEncodings":
                List(value).ShouldBeEmpty();
                (
                    await IsOkAsync("POST", "process/runs", NewRun, headers: ("Content-Encoding", "gzip"))
                ).ShouldBeFalse();
                break;
            case "AsynchronousRequestsSupported":
                var answer = await SendAsync("GET", list, headers: ("Prefer", "respond-async"));
                (
                    answer.StatusCode == HttpStatusCode.Accepted || answer.Headers.Contains("Preference-Applied")
                ).ShouldBe(value);
                break;
            case "BatchSupported" or "BatchSupport/Supported":
                (await IsOkAsync("POST", "$batch", Batch("{}"))).ShouldBe(value);
                break;
            case "BatchContinueOnErrorSupported" or "BatchSupport/ContinueOnErrorSupported":
                var batch = await SendAsync(
                    "POST",
                    "$batch",
                    Batch("{}"),
                    headers: ("Prefer", "odata.continue-on-error=false")
                );
                batch.Headers.Contains("Preference-Applied").ShouldBe(value);
                break;
            case "BatchSupport/ReferencesInRequestBodiesSupported":
                (
                    await IsSecondOkAsync(
                        ("POST", "/process/runs", NewRun, "*"),
                        ("POST", "/process/runs/$ref", """{ "@odata.id": "$first" }""", "*")
                    )
                ).ShouldBe(value);
                break;
            case "BatchSupport/ReferencesAcrossChangeSetsSupported":
                (await IsOkAsync("POST", "$batch", Batch("""{ "atomicityGroup": "g" }"""))).ShouldBe(value);
                break;
            case "BatchSupport/EtagReferencesSupported":
                var shared = $"/process/runs/{await AddRunAsync()}";
                (
                    await IsSecondOkAsync(
                        ("PATCH", shared, """{ "displayName": "x" }""", "*"),
                        ("PATCH", shared, """{ "displayName": "y" }""", "$first")
                    )
                ).ShouldBe(value);
                break;
            case "BatchSupport/RequestDependencyConditionsSupported":
                (await IsOkAsync("POST", "$batch", Batch("""{ "if": "true" }"""))).ShouldBe(value);
                break;
            case "BatchSupport/SupportedFormats":
                foreach (var format in (string[])["application/json", "multipart/mixed"])
                {
                    (await IsOkAsync("POST", "$batch", Batch("{}"), headers: ("Content-Type", format))).ShouldBe(
                        List(value).Contains(format)
                    );
                }

                break;
            case "CrossJoinSupported":
                (await IsOkAsync("GET", "$crossjoin(process,external)")).ShouldBe(value);
                break;
            case "KeyAsSegmentSupported":
                (await IsOkAsync("GET", $"process/runs/{await AddRunAsync()}")).ShouldBe(value);
                break;
            case "QuerySegmentSupported":
                (
                    await IsOkAsync("POST", "process/runs/$query", "$top=1", headers: ("Content-Type", "text/plain"))
                ).ShouldBe(value);
                break;
            case "AnnotationValuesInQuerySupported":
                (await IsOkAsync("GET", "process/runs?$filter=@Org.OData.Core.V1.Computed eq true")).ShouldBe(value);
                break;
            case var option when option.StartsWith("ModificationQueryOptions/", StringComparison.Ordinal):
                var query = option["ModificationQueryOptions/".Length..] switch
                {
                    "ExpandSupported" => "$expand=activities",
                    "SelectSupported" => "$select=displayName",
                    "ComputeSupported" => "$compute=1 add 1 as two",
                    "FilterSupported" => "$filter=displayName eq 'x'",
                    "SearchSupported" => "$search=x",
                    "SortSupported" => "$orderby=displayName",
                    _ => throw Unknown(option),
                };
                (await IsOkAsync("POST", $"process/runs?{query}", NewRun)).ShouldBe(value);
                break;
            default:
                throw Unknown(path);
        }
    }

    private async Task CheckSingletonAsync(string place, string path, object value)
    {
        switch (path)
        {
            case "Navigability":
                value.ShouldBe("Single");
                (await IsOkAsync("GET", place)).ShouldBeTrue();
                break;
            case "SelectSupport/Supported":
                (await IsOkAsync("GET", $"{place}?$select=id")).ShouldBe(value);
                break;
            case "ExpandRestrictions/Expandable":
                (await IsOkAsync("GET", $"{place}?$expand=*")).ShouldBe(value);
                break;
            case "ReadRestrictions/Readable":
                (await IsOkAsync("GET", place)).ShouldBe(value);
                break;
            case "ReadRestrictions/Permissions":
                await CheckPermissionsAsync(value, () => ("GET", place, null));
                break;
            case "UpdateRestrictions/Updatable":
                (await IsOkAsync("PATCH", place, "{}")).ShouldBe(value);
                break;
            case "DeleteRestrictions/Deletable":
                (await IsOkAsync("DELETE", place)).ShouldBe(value);
                break;
            default:
                throw Unknown(path);
        }
    }

    private async Task CheckOperationAsync(string place, string path, object value)
    {
        const string runs = "process/runs";
        var operation = place.Split(' ')[0];
        var method = operation == "start" ? "POST" : "GET";
        var url = place == "getStatistics of one" ? $"{runs}/{await AddRunAsync()}/{operation}" : $"{runs}/{operation}";
        var paths = PathsOf(RunType).ToList();
        switch (path)
        {
            case "OperationRestrictions/FilterSegmentSupported":
                (await IsOkAsync(method, $"{runs}/$filter(displayName eq 'x')/{operation}")).ShouldBe(value);
                break;
            case "OperationRestrictions/Permissions":
                await CheckPermissionsAsync(value, () => (method, url, null));
                break;
            case "OperationRestrictions/CustomHeaders":
                await CheckHeadersAsync(value, operation == "start" ? IdempotencyProbes("POST", url, null) : []);
                break;
            case "ChangeTracking/Supported":
                var page = await JsonAsync(await SendAsync("GET", url));
                while (page.TryGetProperty("@odata.nextLink", out var next))
                {
                    page = await JsonAsync(await SendAsync("GET", next.GetString()!));
                }

                page.TryGetProperty("@odata.deltaLink", out _).ShouldBe(value);
                break;
            case "ChangeTracking/FilterableProperties":
                foreach (var property in paths)
                {
                    var condition = Condition(property.Path, property.Type);
                    (await IsOkAsync("GET", $"{url}?$filter={condition}")).ShouldBe(
                        List(value).Contains(property.Path),
                        condition
                    );
                }

                break;
            case "ChangeTracking/ExpandableProperties":
                List(value).ShouldBeEmpty();
                (await IsOkAsync("GET", $"{url}?$expand=activities")).ShouldBeFalse();
                break;
            default:
                throw Unknown(path);
        }
    }

    private async Task CheckPropertyAsync(string place, string path, object value)
    {
        var name = place.Split('/')[1];
        var isRun = place.StartsWith($"{Namespace}.industryDataRun/", StringComparison.Ordinal);
        switch (path)
        {
            case "Org.OData.Core.V1.Computed":
                (await IsKeptAsync(isRun ? name : $"statistics/{name}")).ShouldBe(!(bool)value);
                break;
            case "Org.OData.Core.V1.Permissions":
                value.ShouldBe("Read");
                (await IsKeptAsync(isRun ? name : $"statistics/{name}")).ShouldBeFalse();
                break;
            case "Org.OData.Core.V1.AutoExpand":
                var url = $"process/runs/{await AddRunAsync()}/activities";
                var activity = await JsonAsync(await SendAsync("POST", url, NewActivity));
                (await JsonAsync(await SendAsync("GET", $"{url}/{activity.Text("id")}")))
                    .TryGetProperty(name, out _)
                    .ShouldBe(value);
                break;
            default:
                throw Unknown(path);
        }
    }

    /// <summary>Sends a request with each permission alone. Exactly the listed ones must suffice.</summary>
    private async Task CheckPermissionsAsync(object value, Func<(string Method, string Url, string? Body)> request)
    {
        var schemes = List(value).Cast<IReadOnlyDictionary<string, object>>().ToList();
        schemes.ShouldAllBe(s => (string)s["SchemeName"] == "bearer");
        var scopes = schemes
            .SelectMany(s => List(s["Scopes"]).Cast<IReadOnlyDictionary<string, object>>())
            .Select(s => (string)s["Scope"])
            .ToList();
        scopes.ShouldBeSubsetOf(_permissions);
        foreach (var permission in _permissions)
        {
            using var client = service.Authorized(Tokens.Make(roles: [permission]));
            var (method, url, body) = request();
            var answer = await SendAsync(method, url, body, client);
            (answer.StatusCode != HttpStatusCode.Forbidden).ShouldBe(scopes.Contains(permission), permission);
        }
    }
}
