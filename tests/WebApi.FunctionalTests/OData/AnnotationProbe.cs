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
internal sealed class AnnotationProbe(RunningService service, IEdmModel model)
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

    private async Task CheckCollectionAsync(string group, string place, string path, object value)
    {
        var runs = group == "activities" ? "process/runs" : group;
        var run = await AddRunAsync(runs);
        if (place == "activities/activity")
        {
            var flow = $"{runs}/{run}/activities/{await AddActivityAsync($"{runs}/{run}/activities")}/activity";
            (await IsOkAsync("GET", flow)).ShouldBe(path == "Navigability" ? value is not "None" : throw Unknown(path));
            return;
        }

        var isActivities = place == "activities";
        var url = isActivities ? $"{runs}/{run}/activities" : runs;
        var id = isActivities ? await AddActivityAsync(url) : run;
        var type = isActivities ? ActivityType : RunType;
        var body = isActivities ? NewActivity : NewRun;
        var one = $"{url}/{id}";
        var (term, part) = path.Split('/', 2) is [var first, var rest] ? (first, rest) : (path, "");
        switch (term)
        {
            case "FilterFunctions":
                foreach (var (name, condition) in _conditions)
                {
                    (await IsOkAsync("GET", $"{url}?$filter={condition}")).ShouldBe(
                        List(value).Contains(name),
                        condition
                    );
                }

                List(value).ShouldBeSubsetOf(_conditions.Keys);
                break;
            case "FilterRestrictions":
                await CheckFilterAsync(url, type, part, value);
                break;
            case "SortRestrictions":
                await CheckSortAsync(url, type, part, value);
                break;
            case "SearchRestrictions" when part == "Searchable":
                (await IsOkAsync("GET", $"{url}?$search=x")).ShouldBe(value);
                break;
            case "SearchRestrictions" when part == "UnsupportedExpressions":
                var unsupported = ((string)value).Split(',');
                foreach (
                    var (name, search) in ((string, string)[])
                        [
                            ("AND", "a AND b"),
                            ("OR", "a OR b"),
                            ("NOT", "NOT a"),
                            ("phrase", "\"a b\""),
                            ("group", "(a)"),
                        ]
                )
                {
                    (await IsOkAsync("GET", $"{url}?$search={search}")).ShouldBe(!unsupported.Contains(name), search);
                }

                break;
            case "CountRestrictions" when part == "Countable":
                (await IsOkAsync("GET", $"{url}/$count")).ShouldBe(value);
                (await IsOkAsync("GET", $"{url}?$count=true")).ShouldBe(value);
                break;
            case "CountRestrictions" when part == "NonCountableProperties":
                List(value).ShouldBe(PathsOf(type).Where(p => p.Type.IsCollection()).Select(p => (object)p.Path), true);
                foreach (var property in List(value))
                {
                    (await IsOkAsync("GET", $"{one}/{property}/$count")).ShouldBeFalse();
                }

                break;
            case "ExpandRestrictions":
                await CheckExpandAsync(url, isActivities, part, value);
                break;
            case "SelectSupport":
                var select = part switch
                {
                    "Supported" => "displayName",
                    "InstanceAnnotationsSupported" => "@odata.etag",
                    "Expandable" => "statistics($expand=x)",
                    "Filterable" => "statistics($filter=runId eq 'x')",
                    "Searchable" => "statistics($search=x)",
                    "TopSupported" => "statistics($top=1)",
                    "SkipSupported" => "statistics($skip=1)",
                    "ComputeSupported" => "statistics($compute=1 add 1 as two)",
                    "Countable" => "statistics($count=true)",
                    "Sortable" => "statistics($orderby=runId)",
                    _ => throw Unknown(path),
                };
                (await IsOkAsync("GET", $"{url}?$select={select}")).ShouldBe(value, select);
                break;
            case "TopSupported":
                (await IsOkAsync("GET", $"{url}?$top=1")).ShouldBe(value);
                break;
            case "SkipSupported":
                (await IsOkAsync("GET", $"{url}?$skip=1")).ShouldBe(value);
                break;
            case "ComputeSupported":
                (await IsOkAsync("GET", $"{url}?$compute=1 add 1 as two")).ShouldBe(value);
                break;
            case "IndexableByKey":
                (await IsOkAsync("GET", $"{url}('{id}')")).ShouldBe(value);
                break;
            case "InsertRestrictions":
                await CheckInsertAsync(url, type, body, part, value);
                break;
            case "DeepInsertSupport" when part == "Supported":
                var added = await JsonAsync(await SendAsync("POST", url, body));
                var child = isActivities ? $"{url}/{added.Text("id")}" : $"{url}/{added.Text("id")}/activities";
                var stored = await (await SendAsync("GET", child)).Content.ReadAsStringAsync(Cancellation);
                stored.Contains(isActivities ? "The flow" : "Students", StringComparison.Ordinal).ShouldBe(value);
                break;
            case "DeepInsertSupport" when part == "ContentIDSupported":
                var deep = JsonNode.Parse(body)!.AsObject();
                deep["activities"]![0]!["@Org.OData.Core.V1.ContentID"] = "1";
                var answer = await SendAsync("POST", url, deep.ToJsonString());
                (await answer.Content.ReadAsStringAsync(Cancellation))
                    .Contains("ContentID", StringComparison.Ordinal)
                    .ShouldBe(value);
                break;
            case "UpdateRestrictions":
                await CheckUpdateAsync(url, one, type, part, value);
                break;
            case "DeepUpdateSupport" when part == "Supported":
                (await IsOkAsync("PATCH", one, """{ "activities": [] }""")).ShouldBe(value);
                break;
            case "DeleteRestrictions":
                await CheckDeleteAsync(url, one, part, value);
                break;
            case "ReadRestrictions":
                await CheckReadAsync(url, one, type, part, value);
                break;
            case "ChangeTracking" when part == "Supported":
                var tracked = await SendAsync("GET", url, headers: ("Prefer", "odata.track-changes"));
                (await JsonAsync(tracked)).TryGetProperty("@odata.deltaLink", out _).ShouldBe(value);
                break;
            case "NavigationRestrictions" when part == "Navigability":
                value.ShouldBe("Single");
                var activity = await AddActivityAsync($"{one}/activities");
                (await IsOkAsync("GET", $"{one}/activities/{activity}")).ShouldBeTrue();
                (await IsOkAsync("GET", $"{one}/activities/{activity}/activity")).ShouldBeFalse();
                break;
            case "Navigability":
                (await IsOkAsync("GET", url)).ShouldBe(value is not "None");
                break;
            case "OptimisticConcurrencyControl":
                (await IsOkAsync("PATCH", one, """{ "displayName": "Renamed" }""")).ShouldBe(!(bool)value);
                break;
            default:
                throw Unknown(path);
        }
    }

    private async Task CheckFilterAsync(string url, IEdmStructuredType type, string part, object value)
    {
        var paths = PathsOf(type).ToList();
        switch (part)
        {
            case "Filterable":
                (await IsOkAsync("GET", $"{url}?$filter=displayName eq 'x'")).ShouldBe(value);
                break;
            case "RequiresFilter":
                (await IsOkAsync("GET", url)).ShouldBe(!(bool)value);
                break;
            case "NonFilterableProperties":
                foreach (var property in paths)
                {
                    var condition = Condition(property.Path, property.Type);
                    (await IsOkAsync("GET", $"{url}?$filter={condition}")).ShouldBe(
                        !List(value).Contains(property.Path),
                        condition
                    );
                }

                break;
            case "FilterExpressionRestrictions":
                var allowed = List(value)
                    .Cast<IReadOnlyDictionary<string, object>>()
                    .ToDictionary(r => (string)r["Property"], r => (string)r["AllowedExpressions"]);
                foreach (var property in paths)
                {
                    var kind = allowed.GetValueOrDefault(property.Path);
                    var literal = Literal(property.Type);
                    var range = $"({property.Path} ge {literal} and {property.Path} lt {literal})";
                    (string Kind, bool IsOffered, string Condition)[] conditions =
                    [
                        ("SingleValue", kind is not null, Condition(property.Path, property.Type)),
                        ("MultiValue", kind is not (null or "SingleValue"), $"{property.Path} in ({literal})"),
                        (
                            "MultiRange",
                            kind is "MultiRange" or "MultiRangeOrSearchExpression",
                            $"{range} or {property.Path} gt {literal}"
                        ),
                        (
                            "SearchExpression",
                            kind is "MultiRangeOrSearchExpression",
                            $"startswith({property.Path},'x') or contains({property.Path},'x') "
                                + $"or endswith({property.Path},'x')"
                        ),
                    ];
                    foreach (var (_, isOffered, condition) in conditions)
                    {
                        (await IsOkAsync("GET", $"{url}?$filter={condition}")).ShouldBe(isOffered, condition);
                    }
                }

                break;
            default:
                throw Unknown(part);
        }
    }

    private async Task CheckSortAsync(string url, IEdmStructuredType type, string part, object value)
    {
        switch (part)
        {
            case "Sortable":
                (await IsOkAsync("GET", $"{url}?$orderby=displayName")).ShouldBe(value);
                break;
            case "NonSortableProperties":
                foreach (var path in PathsOf(type).Select(p => p.Path))
                {
                    foreach (var direction in (string[])["asc", "desc"])
                    {
                        (await IsOkAsync("GET", $"{url}?$orderby={path} {direction}")).ShouldBe(
                            !List(value).Contains(path),
                            path
                        );
                    }
                }

                break;
            default:
                throw Unknown(part);
        }
    }

    private async Task CheckExpandAsync(string url, bool isActivities, string part, object value)
    {
        switch (part)
        {
            case "Expandable":
                (await IsOkAsync("GET", $"{url}?$expand={(isActivities ? "activity" : "activities")}")).ShouldBe(value);
                break;
            case "NonExpandableProperties":
                var isOffered = await IsOkAsync("GET", $"{url}?$expand=activities($expand=activity)");
                List(value).Contains("activities/activity").ShouldBe(!isOffered);
                List(value).Contains("activities").ShouldBe(!await IsOkAsync("GET", $"{url}?$expand=activities"));
                break;
            case "MaxLevels":
                value.ShouldBe(1L);
                (await IsOkAsync("GET", $"{url}?$expand=activities($levels=2)")).ShouldBeFalse();
                break;
            default:
                throw Unknown(part);
        }
    }

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

    private async Task CheckReadAsync(string url, string one, IEdmStructuredType type, string part, object value)
    {
        switch (part)
        {
            case "Readable":
                (await IsOkAsync("GET", url)).ShouldBe(value);
                break;
            case "Permissions":
                await CheckPermissionsAsync(value, () => ("GET", url, null));
                break;
            case "CustomHeaders":
                await CheckHeadersAsync(
                    value,
                    new()
                    {
                        ["Prefer"] = async () =>
                            (await SendAsync("GET", url, headers: ("Prefer", "odata.maxpagesize=1"))).Headers.Contains(
                                "Preference-Applied"
                            ),
                    }
                );
                break;
            case "TypecastSegmentSupported":
                (await IsOkAsync("GET", $"{url}/{DerivedType(type)}")).ShouldBe(value);
                break;
            case "ReadByKeyRestrictions/Readable":
                (await IsOkAsync("GET", one)).ShouldBe(value);
                break;
            case "ReadByKeyRestrictions/Permissions":
                await CheckPermissionsAsync(value, () => ("GET", one, null));
                break;
            case "ReadByKeyRestrictions/CustomHeaders":
                await CheckHeadersAsync(
                    value,
                    new()
                    {
                        ["If-None-Match"] = async () =>
                        {
                            var etag = (await SendAsync("GET", one)).Headers.ETag?.ToString() ?? "*";
                            return (await SendAsync("GET", one, headers: ("If-None-Match", etag))).StatusCode
                                == HttpStatusCode.NotModified;
                        },
                    }
                );
                break;
            default:
                throw Unknown(part);
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

        (string, string) sent = ("Repeatability-First-Sent", DateTime.UtcNow.ToString("R"));
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
                        ("Repeatability-First-Sent", DateTime.UtcNow.AddDays(-2).ToString("R")),
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
