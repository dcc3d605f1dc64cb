using System.Text.Json;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.OData;
using Microsoft.OData.Edm;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>
/// Follows each property of the table through all layers. A property that was added to the table only is found here.
/// </summary>
public sealed class RunPropertyTableTests(TestDatabase database) : FunctionalTest(database)
{
    private const string Body = """
        { "displayName": "Nightly rostering", "startDateTime": "2026-11-22T02:00:00Z",
          "endDateTime": "2026-11-22T02:41:07Z", "status": "failed",
          "blockingError": { "code": "diskFull", "message": "The disk is full.", "target": "people.csv" },
          "statistics": { "inboundTotals": { "errors": 1, "warnings": 2, "groups": 3, "memberships": 4,
                                             "organizations": 5, "people": 6 } } }
        """;

    public static TheoryData<string> Paths => [.. RunPropertyTable.All.Select(p => p.Path)];

    [Fact]
    public void Each_field_has_one_row() =>
        RunPropertyTable.Filterable.Select(p => p.Field!.Value).ShouldBe(Enum.GetValues<RunField>(), ignoreOrder: true);

    [Fact]
    public void Each_property_that_clients_send_can_be_patched() =>
        RunPropertyTable
            .All.Where(p => p.Assign is not null)
            .Select(p => p.Patch)
            .ShouldBe(Enum.GetValues<RunPatchProperties>().Except([RunPatchProperties.None]), ignoreOrder: true);

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_property_is_in_the_response_model_filter_order_selection_and_openapi(string path)
    {
        var row = RunPropertyTable.Find(path)!;
        var added = await JsonAsync(
            (await Client.PostAsync("process/runs", Bodies.Json(Body), Cancellation)).EnsureSuccessStatusCode()
        );
        await AddAsync(Bodies.RunAt(1, "Another name"));

        var value = ValueAt(added, path)
            .ShouldNotBeNull($"RunPropertyTable does not write {path}, or RunTable does not read it.");
        (await CanBeSentAsync(row)).ShouldBe(!row.IsComputed, $"RunJsonReader does not read {path} as the table says.");

        PropertyAt(path).ShouldNotBeNull($"RunEdmModel has no {path}.").Type.IsNullable.ShouldBe(row.IsNullable);

        if (row.Field is not null)
        {
            // The other run differs in each property.
            var literal = Literal(row.Kind, value);
            var found = await ListAsync(
                row.Kind == RunValueKind.Error ? $"$filter={path} ne null" : $"$filter={path} eq {literal}"
            );
            found.Select(r => r.Text("id")).ShouldBe([added.Text("id")]);
            if (row.Kind != RunValueKind.Error)
            {
                (await ListAsync($"$filter={path} in ({literal})")).Count.ShouldBe(1);
            }
        }

        if (row.IsSortable)
        {
            foreach (var direction in (string[])["asc", "desc"])
            {
                // The second page begins at a cursor that has the key.
                var order = $"$orderby={path} {direction}&$top=1";
                var first = await Client.GetJsonAsync(new Uri(Service.Root, $"process/runs?{order}"));
                var second = await Client.GetJsonAsync(new Uri(first.Text("@odata.nextLink")));
                second.GetProperty("value").GetArrayLength().ShouldBe(1);
                second.GetProperty("value")[0].Text("id").ShouldNotBe(first.GetProperty("value")[0].Text("id"));
            }
        }

        if (row.IsOwn)
        {
            var run = (await ListAsync($"$select={path}&$filter=id eq '{added.Text("id")}'")).ShouldHaveSingleItem();
            run.EnumerateObject()
                .Select(m => m.Name)
                .Where(n => n is not "@odata.etag")
                .Distinct()
                .ShouldBe(path == "id" ? ["id"] : ["id", path]);
            ValueAt(run, path)!.Value.GetRawText().ShouldBe(value.GetRawText());
        }

        var document = await Client.GetJsonAsync(new Uri(Service.Root, "openapi/v1.json"));
        var schemas = document.GetProperty("components").GetProperty("schemas");
        if (row.IsOwn)
        {
            var name = $"{RunEdmModel.Namespace}.industryDataRun";
            schemas.GetProperty(name).GetProperty("properties").TryGetProperty(path, out _).ShouldBeTrue();
            foreach (var sent in (string[])["newRun", "runUpdate"])
            {
                schemas
                    .GetProperty(sent)
                    .GetProperty("properties")
                    .TryGetProperty(path, out _)
                    .ShouldBe(!row.IsComputed, sent);
            }

            row.Description.ShouldNotBeNullOrWhiteSpace();
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_property_has_a_column_of_its_nullability(string path)
    {
        var row = RunPropertyTable.Find(path)!;
        if (row.Field is not { } field)
        {
            return;
        }

        var column = RunTable.Of(field).Expression.Split(["->>", "::"], StringSplitOptions.None)[0];
        var isNullable = await Database.ReadAsync<string>(
            $"""
            SELECT coalesce(max(is_nullable), 'missing') FROM information_schema.columns
            WHERE table_name = 'runs' AND column_name = '{column}'
            """
        );
        isNullable.ShouldBe(row.IsNullable ? "YES" : "NO", $"column {column} of {path}");
        RunTable.Of(field).IsNullable.ShouldBe(row.IsNullable, $"RunTable and RunPropertyTable disagree on {path}.");

        // Text compares by code point on every server.
        var collation = await Database.ReadAsync<string>(
            $"""
            SELECT coalesce(max(collation_name), '') FROM information_schema.columns
            WHERE table_name = 'runs' AND column_name = '{column}' AND data_type = 'text'
            """
        );
        collation.ShouldBe(row is { Kind: RunValueKind.Text, IsOwn: true, Path: not "id" } ? "C" : "", path);
    }

    /// <summary>Adds a run without the property and with it, and returns true if the service reads the value.</summary>
    private async Task<bool> CanBeSentAsync(RunProperty row)
    {
        if (!row.IsOwn)
        {
            return true;
        }

        // A value of another type is a validation error, unless the server ignores the property.
        var wrong = Body.Insert(Body.LastIndexOf('}'), $""", "{row.Path}": [] """);
        if (JsonDocument.Parse(Body).RootElement.TryGetProperty(row.Path, out var sent))
        {
            wrong = Body.Replace(
                $"\"{row.Path}\": {sent.GetRawText()}",
                $"\"{row.Path}\": []",
                StringComparison.Ordinal
            );
        }

        using var response = await Client.PostAsync("process/runs", Bodies.Json(wrong), Cancellation);
        return response.StatusCode == System.Net.HttpStatusCode.BadRequest;
    }

    private async Task<List<JsonElement>> ListAsync(string query) =>
        [
            .. (await Client.GetJsonAsync(new Uri(Service.Root, $"process/runs?{query}")))
                .GetProperty("value")
                .EnumerateArray(),
        ];

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage response) => await response.JsonAsync();

    private static IEdmProperty? PropertyAt(string path)
    {
        IEdmStructuredType? type = RunEdmModel.Run;
        IEdmProperty? property = null;
        foreach (var name in path.Split('/'))
        {
            property = type?.FindProperty(name);
            type = property?.Type.Definition as IEdmStructuredType;
        }

        return property;
    }

    private static JsonElement? ValueAt(JsonElement json, string path)
    {
        foreach (var name in path.Split('/'))
        {
            if (!json.TryGetProperty(name, out json))
            {
                return null;
            }
        }

        return json;
    }

    private static string Literal(RunValueKind kind, JsonElement value) =>
        kind is RunValueKind.Text or RunValueKind.Status ? $"'{value.GetString()}'"
        : kind == RunValueKind.Instant ? value.GetString()!
        : value.GetRawText();
}
