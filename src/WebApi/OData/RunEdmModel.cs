using System.Text;
using System.Text.Json;
using System.Xml;
using IndustryData.Domain.Runs;
using Microsoft.OData.Edm;
using Microsoft.OData.Edm.Csdl;

namespace IndustryData.WebApi.OData;

/// <summary>
/// The entity data model. Queries are parsed against it, and <c>$metadata</c> is written from it. It consists of the
/// part of the published Microsoft Graph model that concerns runs, and of the additions of this service.
/// </summary>
internal static class RunEdmModel
{
    /// <summary>The namespace of the model.</summary>
    public const string Namespace = "microsoft.graph.industryData";

    /// <summary>
    /// The placeholder of evolvable enumerations for members that a client does not know (api-guidelines, evolvable
    /// enums). It is never stored or accepted.
    /// </summary>
    public const string UnknownFutureValue = "unknownFutureValue";

    private const string Graph = "microsoft.graph";

    private static readonly Lazy<byte[]> _xml = new(WriteXml);
    private static readonly Lazy<byte[]> _json = new(WriteJson);

    /// <summary>The model.</summary>
    public static readonly EdmModel Model = new();

    /// <summary>The type of <c>status</c>.</summary>
    public static readonly EdmEnumType Status = Enumeration(
        "industryDataRunStatus",
        [.. RunStatus.All.Select(s => s.Name)]
    );

    /// <summary>The type of a run.</summary>
    public static readonly EdmEntityType Run = Build();

    /// <summary>The model as CSDL XML.</summary>
    public static ReadOnlyMemory<byte> Xml => _xml.Value;

    /// <summary>The model as CSDL JSON.</summary>
    public static ReadOnlyMemory<byte> Json => _json.Value;

    private static EdmEntityType Build()
    {
        var entity = Add(new EdmEntityType(Graph, "entity", null, isAbstract: true, isOpen: false));
        entity.AddKeys(entity.AddStructuralProperty("id", EdmPrimitiveTypeKind.String, isNullable: false));
        var error = PublicError();
        var activityStatus = Enumeration(
            "industryDataActivityStatus",
            ["inProgress", "skipped", "failed", "completed", "completedWithErrors", "completedWithWarnings"]
        );
        var readiness = Enumeration("readinessStatus", ["notReady", "ready", "failed", "disabled", "expired"]);
        var statistics = Statistics(activityStatus);

        var flow = Add(new EdmEntityType(Namespace, "industryDataActivity", entity, isAbstract: true, isOpen: false));
        Text(flow, "displayName", isNullable: false);
        flow.AddStructuralProperty("readinessStatus", new EdmEnumTypeReference(readiness, isNullable: false));

        var activity = Add(
            new EdmEntityType(Namespace, "industryDataRunActivity", entity, isAbstract: true, isOpen: false)
        );
        Text(activity, "displayName", isNullable: false);
        activity.AddStructuralProperty("status", new EdmEnumTypeReference(activityStatus, isNullable: false));
        activity.AddStructuralProperty("blockingError", new EdmComplexTypeReference(error, isNullable: true));
        Navigation(activity, "activity", flow, EdmMultiplicity.ZeroOrOne, isContained: false);
        Add(new EdmEntityType(Namespace, "inboundFlowActivity", activity));
        Add(new EdmEntityType(Namespace, "outboundFlowActivity", activity));

        var run = Add(new EdmEntityType(Namespace, "industryDataRun", entity));
        // The base type declares the id.
        foreach (var property in RunPropertyTable.Own.Where(p => p.Path != "id"))
        {
            run.AddStructuralProperty(
                property.Path,
                property.Kind switch
                {
                    RunValueKind.Text => EdmCoreModel.Instance.GetString(property.IsNullable),
                    RunValueKind.Instant => EdmCoreModel.Instance.GetDateTimeOffset(property.IsNullable),
                    RunValueKind.Count => EdmCoreModel.Instance.GetInt64(property.IsNullable),
                    RunValueKind.Status => new EdmEnumTypeReference(Status, property.IsNullable),
                    RunValueKind.Error => new EdmComplexTypeReference(error, property.IsNullable),
                    _ => new EdmComplexTypeReference(statistics, property.IsNullable),
                }
            );
        }

        Navigation(run, "activities", activity, EdmMultiplicity.Many, isContained: true);
        AddOperations(run, statistics);
        AddContainer(entity, run);
        RunEdmAnnotations.AddTo(Model, run);
        return run;
    }

    private static EdmComplexType PublicError()
    {
        var detail = Add(new EdmComplexType(Graph, "publicErrorDetail"));
        var inner = Add(new EdmComplexType(Graph, "publicInnerError", null, isAbstract: false, isOpen: true));
        var error = Add(new EdmComplexType(Graph, "publicError"));
        foreach (var type in (EdmComplexType[])[detail, inner, error])
        {
            Text(type, "code");
            Text(type, "message");
            Text(type, "target");
        }

        Collection(inner, "details", detail);
        Collection(error, "details", detail);
        error.AddStructuralProperty("innerError", new EdmComplexTypeReference(inner, isNullable: true));
        return error;
    }

    private static EdmComplexType Statistics(EdmEnumType activityStatus)
    {
        var roles = Add(new EdmComplexType(Namespace, "industryDataRunRoleCountMetric"));
        Counts(roles, "count");
        Text(roles, "role", isNullable: false);
        var entities = Add(new EdmComplexType(Namespace, "industryDataRunEntityCountMetric"));
        Counts(entities, "active", "inactive", "total");

        var totals = Add(new EdmComplexType(Namespace, "aggregatedInboundStatistics"));
        Counts(totals, "errors", "warnings", "groups", "memberships", "organizations", "people");
        Collection(totals, "matchedPeopleByRole", roles);
        Collection(totals, "unmatchedPeopleByRole", roles);

        var activity = Add(
            new EdmComplexType(Namespace, "industryDataActivityStatistics", null, isAbstract: true, isOpen: false)
        );
        Text(activity, "activityId", isNullable: false);
        Text(activity, "displayName", isNullable: false);
        activity.AddStructuralProperty("status", new EdmEnumTypeReference(activityStatus, isNullable: false));
        var inbound = Add(new EdmComplexType(Namespace, "inboundActivityResults", activity));
        Counts(inbound, "errors", "warnings");
        foreach (var name in (string[])["groups", "memberships", "organizations", "people"])
        {
            inbound.AddStructuralProperty(name, new EdmComplexTypeReference(entities, isNullable: true));
        }

        Collection(inbound, "matchedPeopleByRole", roles);
        Collection(inbound, "unmatchedPeopleByRole", roles);

        // The type is open: other properties that the reporter of a run sends are kept.
        var statistics = Add(
            new EdmComplexType(Namespace, "industryDataRunStatistics", null, isAbstract: false, isOpen: true)
        );
        Text(statistics, "runId", isNullable: false);
        statistics.AddStructuralProperty("status", new EdmEnumTypeReference(Status, isNullable: false));
        Collection(statistics, "activityStatistics", activity);
        statistics.AddStructuralProperty("inboundTotals", new EdmComplexTypeReference(totals, isNullable: true));
        return statistics;
    }

    private static void AddOperations(EdmEntityType run, EdmComplexType statistics)
    {
        var one = new EdmEntityTypeReference(run, isNullable: false);
        var many = new EdmCollectionTypeReference(new EdmCollectionType(one));
        var sum = new EdmComplexTypeReference(statistics, isNullable: true);
        var start = new EdmAction(Namespace, "start", null, isBound: true, entitySetPathExpression: null);
        start.AddParameter("bindingParameter", many);
        Model.AddElement(start);
        AddFunction("getStatistics", one, sum, isComposable: true);
        AddFunction("getStatistics", many, sum, isComposable: true);
        AddFunction("delta", many, many, isComposable: false);
    }

    private static void AddFunction(string name, IEdmTypeReference binding, IEdmTypeReference result, bool isComposable)
    {
        var function = new EdmFunction(
            Namespace,
            name,
            result,
            isBound: true,
            entitySetPathExpression: null,
            isComposable
        );
        function.AddParameter("bindingParameter", binding);
        Model.AddElement(function);
    }

    private static void AddContainer(EdmEntityType entity, EdmEntityType run)
    {
        var root = Add(new EdmEntityType(Namespace, "industryDataRoot", entity));
        Navigation(root, "runs", run, EdmMultiplicity.Many, isContained: true);
        var external = Add(new EdmEntityType($"{Graph}.externalConnectors", "external"));
        Navigation(external, "industryData", root, EdmMultiplicity.ZeroOrOne, isContained: true);
        var process = Add(new EdmEntityType(Namespace, "process"));
        Navigation(process, "runs", run, EdmMultiplicity.Many, isContained: true);

        var container = new EdmEntityContainer(Namespace, "service");
        container.AddSingleton("external", external);
        container.AddSingleton("process", process);
        Model.AddElement(container);
    }

    private static T Add<T>(T type)
        where T : IEdmSchemaElement
    {
        Model.AddElement(type);
        return type;
    }

    private static EdmEnumType Enumeration(string name, string[] members)
    {
        var type = Add(new EdmEnumType(Namespace, name));
        foreach (var member in (string[])[.. members, UnknownFutureValue])
        {
            type.AddMember(member, new EdmEnumMemberValue(type.Members.Count()));
        }

        return type;
    }

    private static void Text(EdmStructuredType type, string name, bool isNullable = true) =>
        type.AddStructuralProperty(name, EdmPrimitiveTypeKind.String, isNullable);

    // The published Microsoft Graph model has Int32, which is too small for the memberships of a country.
    private static void Counts(EdmStructuredType type, params string[] names)
    {
        foreach (var name in names)
        {
            type.AddStructuralProperty(name, EdmPrimitiveTypeKind.Int64, isNullable: true);
        }
    }

    private static void Collection(EdmStructuredType type, string name, EdmComplexType item) =>
        type.AddStructuralProperty(
            name,
            new EdmCollectionTypeReference(new EdmCollectionType(new EdmComplexTypeReference(item, isNullable: false)))
        );

    private static void Navigation(
        EdmEntityType type,
        string name,
        EdmEntityType target,
        EdmMultiplicity multiplicity,
        bool isContained
    ) =>
        type.AddUnidirectionalNavigation(
            new EdmNavigationPropertyInfo
            {
                Name = name,
                Target = target,
                TargetMultiplicity = multiplicity,
                ContainsTarget = isContained,
            }
        );

    private static byte[] WriteXml()
    {
        using var stream = new MemoryStream();
        var settings = new XmlWriterSettings
        {
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            Indent = true,
        };
        using (var xml = XmlWriter.Create(stream, settings))
        {
            Check(CsdlWriter.TryWriteCsdl(Model, xml, CsdlTarget.OData, out var errors), errors);
        }

        return stream.ToArray();
    }

    private static byte[] WriteJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            Check(CsdlWriter.TryWriteCsdl(Model, json, out var errors), errors);
        }

        return stream.ToArray();
    }

    private static void Check(bool isWritten, IEnumerable<Microsoft.OData.Edm.Validation.EdmError> errors)
    {
        if (!isWritten)
        {
            throw new InvalidOperationException($"The model cannot be written: {string.Join("; ", errors)}");
        }
    }
}
