using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.OData.Edm;
using Microsoft.OData.Edm.Csdl;
using Microsoft.OData.Edm.Vocabularies;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>
/// Compares each annotation of <c>$metadata</c> with what the service does. <see cref="AnnotationProbe"/> sends the
/// requests.
/// </summary>
public sealed class AnnotationTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private RunningService _service = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await database.EmptyAsync();
        _service = await RunningService.StartAsync(database.ConnectionString, ("StartRateLimit:MaxStarts", "1000"));
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Json_and_xml_have_the_same_annotations()
    {
        var (xml, json) = (await ReadXmlAsync(), await ReadJsonAsync());

        var statements = Statements(xml).Select(s => s.ToString()).Order(StringComparer.Ordinal).ToList();
        statements.Count.ShouldBeGreaterThan(300);
        Statements(json).Select(s => s.ToString()).Order(StringComparer.Ordinal).ShouldBe(statements);
    }

    [Theory]
    [InlineData("service")]
    [InlineData("external")]
    [InlineData("process")]
    [InlineData("process/runs")]
    [InlineData("external/industryData")]
    [InlineData("external/industryData/runs")]
    [InlineData("activities")]
    [InlineData("operations")]
    [InlineData("properties")]
    public async Task Each_annotation_is_true_and_its_opposite_would_be_found(string group)
    {
        var model = await ReadXmlAsync();
        var probe = new AnnotationProbe(_service, model);
        var statements = Statements(model).Where(s => s.Group == group).ToList();
        statements.ShouldNotBeEmpty();
        foreach (var statement in statements)
        {
            try
            {
                await probe.CheckAsync(statement);
            }
            catch (ShouldAssertException wrong)
            {
                throw new ShouldAssertException($"{statement}: {wrong.Message}", wrong);
            }

            foreach (var opposite in Opposites(statement.Value))
            {
                var claim = statement with { Value = opposite };
                (await IsContradictedAsync(probe, claim)).ShouldBeTrue($"No request contradicts {claim}.");
            }
        }
    }

    [Fact]
    public async Task Every_group_of_annotations_is_compared()
    {
        string[] groups =
        [
            "service",
            "external",
            "process",
            "process/runs",
            "external/industryData",
            "external/industryData/runs",
            "activities",
            "operations",
            "properties",
        ];

        Statements(await ReadXmlAsync()).Select(s => s.Group).Distinct().ShouldBe(groups, ignoreOrder: true);
    }

    private static async Task<bool> IsContradictedAsync(AnnotationProbe probe, Statement claim)
    {
        try
        {
            await probe.CheckAsync(claim);
            return false;
        }
        catch (ShouldAssertException)
        {
            return true;
        }
    }

    // Values that contradict a value: the other truth value, and a list that lacks its last item.
    private static IEnumerable<object> Opposites(object value) =>
        value switch
        {
            bool isTrue => [!isTrue],
            IReadOnlyList<object> { Count: > 0 } list => [list.SkipLast(1).ToList()],
            _ => [],
        };

    private async Task<IEdmModel> ReadXmlAsync()
    {
        var xml = await _service.Client.GetStringAsync("$metadata", Cancellation);
        using var reader = XmlReader.Create(new StringReader(xml));
        return CsdlReader.Parse(reader);
    }

    private async Task<IEdmModel> ReadJsonAsync()
    {
        var json = await _service.Client.GetStringAsync("$metadata?$format=json", Cancellation);
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
        CsdlReader.TryParse(ref reader, out var model, out var errors).ShouldBeTrue(string.Join("; ", errors ?? []));
        return model;
    }

    /// <summary>Returns the annotations, one statement for each property of a record.</summary>
    private static List<Statement> Statements(IEdmModel model) =>
        [
            .. model.VocabularyAnnotations.SelectMany(a =>
                Flatten(new Statement(GroupOf(a.Target), PlaceOf(a.Target), a.Term.FullName(), Value(a.Value)))
            ),
        ];

    private static IEnumerable<Statement> Flatten(Statement statement)
    {
        if (statement.Value is IReadOnlyDictionary<string, object> record)
        {
            foreach (var (name, value) in record)
            {
                foreach (var part in Flatten(statement with { Path = $"{statement.Path}/{name}", Value = value }))
                {
                    yield return part;
                }
            }
        }
        else if (
            statement.Path.EndsWith("/RestrictedProperties", StringComparison.Ordinal)
            && statement.Value is IReadOnlyList<object> restrictions
        )
        {
            // Each term within a restriction means the same as the term at the navigation property.
            foreach (var restriction in restrictions.Cast<IReadOnlyDictionary<string, object>>())
            {
                var (name, group) = ((string)restriction["NavigationProperty"], statement.Group);
                foreach (var (term, value) in restriction.Where(r => r.Key != "NavigationProperty"))
                {
                    var inner = new Statement(
                        group is "external" ? $"external/{name}" : group,
                        group is "activities" ? $"activities/{name}"
                            : group is "external" ? $"external/{name}"
                            : name,
                        $"{AnnotationProbe.Capabilities}.{term}",
                        value
                    );
                    foreach (var part in Flatten(inner))
                    {
                        yield return part;
                    }
                }
            }
        }
        else
        {
            yield return statement;
        }
    }

    private static string GroupOf(IEdmVocabularyAnnotatable target) =>
        target switch
        {
            IEdmEntityContainer container => container.Name,
            IEdmSingleton singleton => singleton.Name,
            IEdmOperation => "operations",
            IEdmNavigationProperty { Name: "runs" } or IEdmNavigationProperty { Name: "activities" } => PlaceOf(target),
            _ => "properties",
        };

    private static string PlaceOf(IEdmVocabularyAnnotatable target) =>
        target switch
        {
            IEdmEntityContainer container => container.Name,
            IEdmSingleton singleton => singleton.Name,
            IEdmOperation operation => operation.Parameters.First().Type.IsCollection()
                ? operation.Name
                : $"{operation.Name} of one",
            IEdmNavigationProperty { Name: "runs" } runs => runs.DeclaringType.FullTypeName()
            == "microsoft.graph.industryData.process"
                ? "process/runs"
                : "external/industryData/runs",
            IEdmNavigationProperty { Name: "activities" } => "activities",
            IEdmProperty property => $"{property.DeclaringType.FullTypeName()}/{property.Name}",
            _ => throw new InvalidOperationException($"The tests do not know the target {target}."),
        };

    private static object Value(IEdmExpression expression) =>
        expression switch
        {
            IEdmBooleanConstantExpression constant => constant.Value,
            IEdmStringConstantExpression constant => constant.Value,
            IEdmIntegerConstantExpression constant => constant.Value,
            IEdmPathExpression path => path.Path,
            IEdmEnumMemberExpression members => string.Join(',', members.EnumMembers.Select(m => m.Name)),
            IEdmCollectionExpression collection => collection.Elements.Select(Value).ToList(),
            IEdmRecordExpression record => record.Properties.ToDictionary(p => p.Name, p => Value(p.Value)),
            _ => throw new InvalidOperationException($"The tests do not know {expression.ExpressionKind}."),
        };
}

/// <summary>A part of an annotation.</summary>
/// <param name="Group">The part of the model that the annotation belongs to.</param>
/// <param name="Place">The target.</param>
/// <param name="Path">The term, and the path of the property within its value.</param>
/// <param name="Value">A truth value, a text, a number, or a list of such values or of records.</param>
public sealed record Statement(string Group, string Place, string Path, object Value)
{
    public override string ToString() => $"{Place} {Path} = {JsonSerializer.Serialize(Value)} ({Group})";
}
