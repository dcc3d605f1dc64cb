using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;
using Microsoft.OData.Edm;
using Microsoft.OData.Edm.Csdl;
using Microsoft.OData.Edm.Vocabularies;
using Microsoft.OData.Edm.Vocabularies.V1;

namespace IndustryData.WebApi.OData;

/// <summary>
/// Annotates the model with what the service offers and what it does not, in the vocabularies of OASIS: Capabilities,
/// Core and Authorization. A client can therefore decide which requests to send before it sends one.
/// </summary>
/// <remarks>
/// <para>
/// What a parser or a handler has as a list comes from that list. The rest is stated here; <c>AnnotationTests</c> sends
/// a request for each statement.
/// </para>
/// <para>
/// <c>Core.OptimisticConcurrency</c> is absent on purpose. It means that a write requires an ETag, and here a write
/// without <c>If-Match</c> is accepted. The headers of the update and delete restrictions describe the ETag.
/// <c>Core.Immutable</c> is absent because a client can change each property that it can set.
/// </para>
/// </remarks>
internal sealed class RunEdmAnnotations
{
    private const string Capabilities = "Org.OData.Capabilities.V1";
    private const string Core = "Org.OData.Core.V1";
    private const string Authorization = "Org.OData.Authorization.V1";
    private const string Scheme = "bearer";
    private const string Activities = RunProjection.Activities;
    private const string Flow = "activity";
    private const string Activity = $"{RunEdmModel.Namespace}.industryDataRunActivity";
    private const string Statistics = $"{RunEdmModel.Namespace}.industryDataRunStatistics";
    private const string Root = $"{RunEdmModel.Namespace}.industryDataRoot";
    private const string Process = $"{RunEdmModel.Namespace}.process";

    /// <summary>
    /// The meanings of the properties that are not in the <see cref="RunPropertyTable"/>, by type and name, as
    /// Markdown.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> Descriptions = new Dictionary<string, string>
    {
        [$"{RunEdmModel.Namespace}.industryDataRun/activities"] = "The activities of the run.",
        [$"{Statistics}/runId"] = "The `id` of the run, only in the response to `getStatistics`.",
        [$"{Statistics}/status"] = "The `status` of the run, only in the response to `getStatistics`.",
        [$"{Activity}/displayName"] = "The display name of the activity.",
        [$"{Activity}/status"] = "The status. `inProgress` can change; the others are final.",
        [$"{Activity}/blockingError"] = "The error that stopped the activity.",
        [$"{Activity}/activity"] = "The flow of the activity, as sent.",
    };

    // The properties of statistics that the server sets when it returns the statistics alone.
    private static readonly string[] _computedStatistics = ["runId", "status"];

    private readonly EdmModel _model;
    private readonly IEdmEntityType _run;

    private RunEdmAnnotations(EdmModel model, IEdmEntityType run) => (_model, _run) = (model, run);

    /// <summary>Adds the annotations and the references to their vocabularies.</summary>
    public static void AddTo(EdmModel model, IEdmEntityType run)
    {
        var annotations = new RunEdmAnnotations(model, run);
        annotations.AnnotateContainer();
        annotations.AnnotateSingletons();
        annotations.AnnotateCollections();
        annotations.AnnotateOperations();
        annotations.AnnotateProperties();
        (string Alias, string Vocabulary)[] vocabularies =
        [
            ("Capabilities", Capabilities),
            ("Core", Core),
            ("Auth", Authorization),
        ];
        model.SetEdmReferences(vocabularies.Select(v => Reference(v.Alias, v.Vocabulary)));
        foreach (var (alias, vocabulary) in vocabularies)
        {
            // The XML writer sets the aliases in the model. Without this, the JSON would depend on what was read first.
            model.SetNamespaceAlias(vocabulary, alias);
        }
    }

    private void AnnotateContainer()
    {
        var container = _model.EntityContainer;
        Describe(container, "The run ledger of the tenant that the token names.");
        Set(container, Core, "ODataVersions", Text(ODataVersions.Written));
        Set(
            container,
            Authorization,
            "Authorizations",
            new EdmCollectionExpression(
                new EdmRecordExpression(
                    new EdmComplexTypeReference(
                        (IEdmComplexType)
                            AuthorizationVocabularyModel.Instance.FindDeclaredType($"{Authorization}.Http"),
                        isNullable: false
                    ),
                    new EdmPropertyConstructor("Name", Text(Scheme)),
                    new EdmPropertyConstructor(
                        "Description",
                        Text("A token that the service or an OpenID Connect provider issued.")
                    ),
                    new EdmPropertyConstructor("Scheme", Text("Bearer")),
                    new EdmPropertyConstructor("BearerFormat", Text("JWT"))
                )
            )
        );
        Set(container, "ConformanceLevel", Member("ConformanceLevelType", "Minimal"));
        Set(container, "SupportedFormats", Texts(ODataFormat.All.Select(f => f.ContentType)));
        Set(container, "SupportedMetadataFormats", Texts(["application/xml", "application/json"]));
        Set(container, "AcceptableEncodings", Texts([]));
        Set(container, "AsynchronousRequestsSupported", Bool(false));
        Set(container, "BatchSupported", Bool(true));
        Set(container, "BatchContinueOnErrorSupported", Bool(false));
        Set(
            container,
            "BatchSupport",
            Record(
                ("Supported", Bool(true)),
                ("ContinueOnErrorSupported", Bool(false)),
                ("ReferencesInRequestBodiesSupported", Bool(false)),
                ("ReferencesAcrossChangeSetsSupported", Bool(false)),
                ("EtagReferencesSupported", Bool(false)),
                ("RequestDependencyConditionsSupported", Bool(false)),
                ("SupportedFormats", Texts([MediaTypes.Json]))
            )
        );
        Set(container, "CrossJoinSupported", Bool(false));
        Set(container, "KeyAsSegmentSupported", Bool(true));
        Set(container, "QuerySegmentSupported", Bool(false));
        Set(container, "AnnotationValuesInQuerySupported", Bool(false));
        Set(
            container,
            "ModificationQueryOptions",
            Record(
                ("ExpandSupported", Bool(false)),
                ("SelectSupported", Bool(false)),
                ("ComputeSupported", Bool(false)),
                ("FilterSupported", Bool(false)),
                ("SearchSupported", Bool(false)),
                ("SortSupported", Bool(false))
            )
        );
    }

    private void AnnotateSingletons()
    {
        foreach (var singleton in _model.EntityContainer.Elements.OfType<IEdmSingleton>())
        {
            Describe(singleton, "The singleton has no properties. The runs are below it.");
            foreach (var (term, value) in ReadOnly())
            {
                Set(singleton, term, value);
            }

            // A contained navigation property with one value is described where the path to it begins.
            var single = singleton
                .EntityType.NavigationProperties()
                .Where(n => n.TargetMultiplicity() != EdmMultiplicity.Many);
            foreach (var property in single)
            {
                Set(
                    singleton,
                    "NavigationRestrictions",
                    Record(
                        (
                            "RestrictedProperties",
                            new EdmCollectionExpression(Restriction(property.Name, "Single", ReadOnly()))
                        )
                    )
                );
            }
        }
    }

    private static List<(string Term, IEdmExpression Value)> ReadOnly() =>
        [
            ("SelectSupport", Record(("Supported", Bool(false)))),
            ("ExpandRestrictions", Record(("Expandable", Bool(false)))),
            ("ReadRestrictions", Record(("Readable", Bool(true)), ("Permissions", Scopes(Permissions.Read)))),
            ("UpdateRestrictions", Record(("Updatable", Bool(false)))),
            ("DeleteRestrictions", Record(("Deletable", Bool(false)))),
        ];

    private void AnnotateCollections()
    {
        var activities = ActivitiesCapabilities();
        var activitiesProperty = _run.FindProperty(Activities);
        foreach (var (term, value) in activities)
        {
            Set(activitiesProperty, term, value);
        }

        Set(
            activitiesProperty,
            "NavigationRestrictions",
            Record(("RestrictedProperties", new EdmCollectionExpression(Restriction(Flow, "None", []))))
        );
        Set(Declared(Activity).FindProperty(Flow), Core, "AutoExpand", Bool(true));

        var runs = RunsCapabilities();
        runs.Add(
            (
                "NavigationRestrictions",
                Record(
                    ("Navigability", Member("NavigationType", "Single")),
                    (
                        "RestrictedProperties",
                        new EdmCollectionExpression(
                            Restriction(
                                Activities,
                                "Single",
                                [("OptimisticConcurrencyControl", Bool(false)), .. activities]
                            ),
                            Restriction($"{Activities}/{Flow}", "None", [])
                        )
                    )
                )
            )
        );
        foreach (var type in (string[])[Process, Root])
        {
            var property = Declared(type).FindProperty("runs");
            Describe(property, "The runs; without `$orderby`, the newest `startDateTime` comes first.");
            Set(
                property,
                Core,
                "LongDescription",
                Text(
                    "The paths process/runs and external/industryData/runs name the same runs. "
                        + "A filter compares blockingError itself only with null. "
                        + "$top is the size of a page, and @odata.nextLink leads to the next page. "
                        + "A list has statistics only if $select names them. "
                        + "Use the function delta to follow changes. "
                        + "A write accepts the ETag of the run in If-Match and does not require it."
                )
            );
            foreach (var (term, value) in runs)
            {
                Set(property, term, value);
            }
        }
    }

    private List<(string Term, IEdmExpression Value)> RunsCapabilities()
    {
        var paths = PathsOf(_run).ToList();
        var computed = RunPropertyTable
            .Computed.Select(p => p.Path)
            .Concat(_computedStatistics.Select(n => $"statistics/{n}"))
            .ToList();
        return
        [
            ("FilterFunctions", Texts([.. FilterParser.Operators, .. FilterParser.Functions])),
            (
                "FilterRestrictions",
                Record(
                    ("Filterable", Bool(true)),
                    ("RequiresFilter", Bool(false)),
                    (
                        "NonFilterableProperties",
                        Paths(paths.Select(p => p.Path).Where(p => RunPropertyTable.Find(p) is not { Field: not null }))
                    ),
                    (
                        "FilterExpressionRestrictions",
                        new EdmCollectionExpression(
                            RunPropertyTable.Filterable.Select(p =>
                                Record(
                                    ("Property", new EdmPropertyPathExpression(p.Path)),
                                    ("AllowedExpressions", Text(AllowedExpressions(p.Kind)))
                                )
                            )
                        )
                    )
                )
            ),
            (
                "SortRestrictions",
                Record(
                    ("Sortable", Bool(true)),
                    (
                        "NonSortableProperties",
                        Paths(
                            paths.Select(p => p.Path).Where(p => RunPropertyTable.Find(p) is not { IsSortable: true })
                        )
                    )
                )
            ),
            (
                "SearchRestrictions",
                Record(
                    ("Searchable", Bool(true)),
                    ("UnsupportedExpressions", Member("SearchExpressions", "OR", "NOT", "group"))
                )
            ),
            (
                "CountRestrictions",
                Record(
                    ("Countable", Bool(true)),
                    ("NonCountableProperties", Paths(paths.Where(p => p.IsCollection).Select(p => p.Path)))
                )
            ),
            (
                "ExpandRestrictions",
                Record(
                    ("Expandable", Bool(true)),
                    ("NonExpandableProperties", Navigations([$"{Activities}/{Flow}"])),
                    ("MaxLevels", new EdmIntegerConstant(1))
                )
            ),
            (
                "SelectSupport",
                Record(
                    ("Supported", Bool(true)),
                    ("InstanceAnnotationsSupported", Bool(false)),
                    ("Expandable", Bool(false)),
                    ("Filterable", Bool(false)),
                    ("Searchable", Bool(false)),
                    ("TopSupported", Bool(false)),
                    ("SkipSupported", Bool(false)),
                    ("ComputeSupported", Bool(false)),
                    ("Countable", Bool(false)),
                    ("Sortable", Bool(false))
                )
            ),
            ("TopSupported", Bool(true)),
            ("SkipSupported", Bool(true)),
            ("ComputeSupported", Bool(false)),
            ("IndexableByKey", Bool(true)),
            ("InsertRestrictions", Insert(computed, RunPropertyTable.All.Where(p => p.IsRequired).Select(p => p.Path))),
            ("DeepInsertSupport", Record(("Supported", Bool(true)), ("ContentIDSupported", Bool(false)))),
            ("UpdateRestrictions", Update(computed, [Activities])),
            ("DeepUpdateSupport", Record(("Supported", Bool(false)))),
            (
                "DeleteRestrictions",
                Record(
                    ("Deletable", Bool(true)),
                    ("FilterSegmentSupported", Bool(false)),
                    ("TypecastSegmentSupported", Bool(false)),
                    ("Permissions", Scopes(Permissions.Write)),
                    ("CustomHeaders", Headers(RequestHeader.IfMatch))
                )
            ),
            ("ReadRestrictions", Read(RequestHeader.IfNoneMatch)),
            ("ChangeTracking", Record(("Supported", Bool(false)))),
        ];
    }

    private static List<(string Term, IEdmExpression Value)> ActivitiesCapabilities() =>
        [
            ("FilterRestrictions", Record(("Filterable", Bool(false)))),
            ("SortRestrictions", Record(("Sortable", Bool(false)))),
            ("SearchRestrictions", Record(("Searchable", Bool(false)))),
            ("CountRestrictions", Record(("Countable", Bool(true)))),
            ("ExpandRestrictions", Record(("Expandable", Bool(false)))),
            ("SelectSupport", Record(("Supported", Bool(false)))),
            ("TopSupported", Bool(true)),
            ("SkipSupported", Bool(false)),
            ("ComputeSupported", Bool(false)),
            ("IndexableByKey", Bool(true)),
            ("InsertRestrictions", Insert(["id"], ["displayName", "status"])),
            ("DeepInsertSupport", Record(("Supported", Bool(true)))),
            ("UpdateRestrictions", Update(["id"], [])),
            ("DeleteRestrictions", Record(("Deletable", Bool(false)))),
            ("ReadRestrictions", Read()),
            ("ChangeTracking", Record(("Supported", Bool(false)))),
        ];

    private void AnnotateOperations()
    {
        foreach (var operation in _model.SchemaElements.OfType<IEdmOperation>())
        {
            var isStart = operation.Name == "start";
            Describe(
                operation,
                operation.Name switch
                {
                    "start" => "Adds a running run that starts now.",
                    "delta" => "Returns all runs at first, and later only the changes.",
                    _ when operation.Parameters.First().Type.IsCollection() =>
                        "The sum of the statistics of the runs that `$filter` and `$search` select.",
                    _ => "The statistics of the run.",
                }
            );
            Set(
                operation,
                "OperationRestrictions",
                Record(
                    ("FilterSegmentSupported", Bool(false)),
                    ("Permissions", Scopes(isStart ? Permissions.Start : Permissions.Read)),
                    ("CustomHeaders", isStart ? Headers([.. RequestHeader.Idempotency]) : new EdmCollectionExpression())
                )
            );
            if (operation.Name == "delta")
            {
                Set(
                    operation,
                    "ChangeTracking",
                    Record(
                        ("Supported", Bool(true)),
                        ("FilterableProperties", Paths(RunPropertyTable.Filterable.Select(p => p.Path))),
                        ("ExpandableProperties", Navigations([]))
                    )
                );
            }
        }
    }

    private void AnnotateProperties()
    {
        // The id is declared by the base type of entities that are not runs too.
        foreach (var row in RunPropertyTable.Own.Where(p => _run.FindProperty(p.Path).DeclaringType == _run))
        {
            var property = _run.FindProperty(row.Path);
            Describe(property, row.Description!);
            if (row.IsComputed)
            {
                MarkComputed(property);
            }
        }

        foreach (var (name, description) in Descriptions)
        {
            var parts = name.Split('/');
            Describe(Declared(parts[0]).FindProperty(parts[1]), description);
        }

        foreach (var name in _computedStatistics)
        {
            MarkComputed(Declared(Statistics).FindProperty(name));
        }
    }

    private void MarkComputed(IEdmProperty property)
    {
        var permission = (IEdmEnumType)CoreVocabularyModel.Instance.FindDeclaredType($"{Core}.Permission");
        Set(property, Core, "Computed", Bool(true));
        Set(
            property,
            Core,
            "Permissions",
            new EdmEnumMemberExpression([.. permission.Members.Where(m => m.Name == "Read")])
        );
    }

    private IEdmStructuredType Declared(string name) => (IEdmStructuredType)_model.FindDeclaredType(name);

    /// <summary>Returns the paths of the properties of a type, and of those below its complex properties.</summary>
    private static IEnumerable<(string Path, bool IsCollection)> PathsOf(IEdmStructuredType type, string prefix = "")
    {
        foreach (var property in type.StructuralProperties())
        {
            var path = prefix + property.Name;
            yield return (path, property.Type.IsCollection());
            if (property.Type.IsComplex())
            {
                foreach (var below in PathsOf(property.Type.AsComplex().ComplexDefinition(), $"{path}/"))
                {
                    yield return below;
                }
            }
        }
    }

    private static string AllowedExpressions(RunValueKind kind) =>
        kind switch
        {
            RunValueKind.Text => "MultiRangeOrSearchExpression",
            RunValueKind.Error => "SingleValue",
            _ => "MultiRange",
        };

    private static EdmRecordExpression Insert(IEnumerable<string> computed, IEnumerable<string> required) =>
        Record(
            ("Insertable", Bool(true)),
            ("NonInsertableProperties", Paths(computed)),
            ("RequiredProperties", Paths(required)),
            ("TypecastSegmentSupported", Bool(false)),
            ("Permissions", Scopes(Permissions.Write)),
            ("CustomHeaders", Headers([.. RequestHeader.Idempotency, RequestHeader.PreferReturn]))
        );

    private static EdmRecordExpression Update(IEnumerable<string> computed, IEnumerable<string> navigations) =>
        Record(
            ("Updatable", Bool(true)),
            ("Upsertable", Bool(false)),
            ("DeltaUpdateSupported", Bool(false)),
            ("UpdateMethod", Member("HttpMethod", "PATCH")),
            ("FilterSegmentSupported", Bool(false)),
            ("TypecastSegmentSupported", Bool(false)),
            ("NonUpdatableProperties", Paths(computed)),
            ("NonUpdatableNavigationProperties", Navigations(navigations)),
            ("Permissions", Scopes(Permissions.Write)),
            ("CustomHeaders", Headers(RequestHeader.IfMatch, RequestHeader.PreferReturn))
        );

    private static EdmRecordExpression Read(params RequestHeader[] headers) =>
        Record(
            ("Readable", Bool(true)),
            ("Permissions", Scopes(Permissions.Read)),
            ("CustomHeaders", Headers(RequestHeader.PreferPageSize)),
            ("TypecastSegmentSupported", Bool(false)),
            (
                "ReadByKeyRestrictions",
                Record(
                    ("Readable", Bool(true)),
                    ("Permissions", Scopes(Permissions.Read)),
                    ("CustomHeaders", Headers(headers))
                )
            )
        );

    /// <summary>Creates the restriction of a navigation property from those capabilities that its type has.</summary>
    private static EdmRecordExpression Restriction(
        string path,
        string navigability,
        IEnumerable<(string Term, IEdmExpression Value)> capabilities
    )
    {
        var type = (IEdmComplexType)
            CapabilitiesVocabularyModel.Instance.FindDeclaredType($"{Capabilities}.NavigationPropertyRestriction");
        return Record([
            ("NavigationProperty", new EdmNavigationPropertyPathExpression(path)),
            ("Navigability", Member("NavigationType", navigability)),
            .. capabilities.Where(c => type.FindProperty(c.Term) is not null),
        ]);
    }

    private static EdmCollectionExpression Scopes(Permission permission) =>
        new(
            Record(
                ("SchemeName", Text(Scheme)),
                ("Scopes", new EdmCollectionExpression(permission.AnyOf.Select(name => Record(("Scope", Text(name))))))
            )
        );

    private static EdmCollectionExpression Headers(params RequestHeader[] headers) =>
        new(
            headers.Select(h =>
                Record(("Name", Text(h.Name)), ("Description", Text(h.Description)), ("Required", Bool(false)))
            )
        );

    private static EdmRecordExpression Record(params (string Name, IEdmExpression Value)[] properties) =>
        new(properties.Select(p => new EdmPropertyConstructor(p.Name, p.Value)));

    private static EdmBooleanConstant Bool(bool value) => new(value);

    private static EdmStringConstant Text(string value) => new(value);

    private static EdmCollectionExpression Texts(IEnumerable<string> values) => new(values.Select(Text));

    private static EdmCollectionExpression Paths(IEnumerable<string> paths) =>
        new(paths.Select(p => new EdmPropertyPathExpression(p)));

    private static EdmCollectionExpression Navigations(IEnumerable<string> paths) =>
        new(paths.Select(p => new EdmNavigationPropertyPathExpression(p)));

    private static EdmEnumMemberExpression Member(string type, params string[] members) =>
        new([
            .. (
                (IEdmEnumType)CapabilitiesVocabularyModel.Instance.FindDeclaredType($"{Capabilities}.{type}")
            ).Members.Where(m => members.Contains(m.Name)),
        ]);

    private static EdmReference Reference(string alias, string vocabulary)
    {
        var reference = new EdmReference(
            new Uri($"https://oasis-tcs.github.io/odata-vocabularies/vocabularies/{vocabulary}.xml")
        );
        reference.AddInclude(new EdmInclude(alias, vocabulary));
        return reference;
    }

    private void Describe(IEdmVocabularyAnnotatable target, string description) =>
        Set(target, Core, "Description", Text(description));

    private void Set(IEdmVocabularyAnnotatable target, string term, IEdmExpression value) =>
        Set(target, Capabilities, term, value);

    private void Set(IEdmVocabularyAnnotatable target, string vocabulary, string term, IEdmExpression value)
    {
        var model = vocabulary switch
        {
            Core => CoreVocabularyModel.Instance,
            Authorization => AuthorizationVocabularyModel.Instance,
            _ => CapabilitiesVocabularyModel.Instance,
        };
        var annotation = new EdmVocabularyAnnotation(target, model.FindDeclaredTerm($"{vocabulary}.{term}"), value);

        // Inline, because the name of an overloaded function does not identify it as a target.
        annotation.SetSerializationLocation(_model, EdmVocabularyAnnotationSerializationLocation.Inline);
        _model.AddVocabularyAnnotation(annotation);
    }
}
