using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.OData.Edm;
using Xunit.Sdk;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <content>The checks of what collections offer to readers.</content>
internal sealed partial class AnnotationProbe
{
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
}
