using IndustryData.Domain.Runs;
using IndustryData.WebApi.Batch;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Runs;
using IndustryData.WebApi.Runs.Json;
using IndustryData.WebApi.Service;
using Microsoft.OData.Edm;
using Microsoft.OpenApi;

namespace IndustryData.WebApi.OpenApi;

/// <summary>
/// The schemas of request and response bodies. The schemas of responses are derived from the entity data model. The
/// others describe request bodies and the objects that contain the types of the model.
/// </summary>
internal static class Schemas
{
    public const string OpenApi = "openApi";
    public const string Error = "error";

    private const string TypeAnnotation = "@odata.type";

    private static readonly string[] _computed = [.. RunPropertyTable.Computed.Select(p => p.Path)];

    /// <summary>Adds all schemas to the components of the document.</summary>
    public static void AddTo(OpenApiDocument document)
    {
        foreach (var element in RunEdmModel.Model.SchemaElements)
        {
            switch (element)
            {
                case IEdmEnumType type:
                    document.AddComponent(type.FullName(), OneOf(type.Members.Select(m => m.Name)));
                    break;
                case IEdmStructuredType { BaseType: { } baseType } type
                    when baseType.IsAbstract && baseType.FullTypeName() != "microsoft.graph.entity":
                    document.AddComponent(
                        type.FullTypeName(),
                        Typed(ResponseSchema(type, document), type.FullTypeName())
                    );
                    break;
                case IEdmStructuredType type when IsOfRuns(type):
                    document.AddComponent(type.FullTypeName(), ResponseSchema(type, document));
                    break;
            }
        }

        var run = Component(document, RunSchemas.Run);
        run.Properties!["@odata.etag"] = Text("The run's version; the same as in the header `ETag`.");
        run.Properties["activities"] = ArrayOf(
            Reference(RunSchemas.Activity, document),
            "The activities of the run, only with `$expand=activities`."
        );
        run.Properties["activities@odata.nextLink"] = Text(
            "The URL of the other activities of the run, if they do not fit into the response."
        );
        AddSent(document);
        AddWrapped(document);
    }

    /// <summary>Creates a reference to a schema.</summary>
    public static IOpenApiSchema Reference(string name, OpenApiDocument document) =>
        new OpenApiSchemaReference(name, document);

    private static void AddSent(OpenApiDocument document)
    {
        string[] runProperties = [.. RunPropertyTable.Own.Where(p => !p.IsComputed).Select(p => p.Path)];
        var newRun = RequestSchema(
            document,
            RunEdmModel.Run,
            runProperties,
            RunStatus.All.Select(s => s.Name),
            [.. RunPropertyTable.Own.Where(p => p.IsRequired).Select(p => p.Path)],
            _computed
        );
        newRun.Properties![TypeAnnotation] = OneOfTypes(RunSchemas.Run, $"{RunEdmModel.Namespace}.run");
        var activities = ArrayOf(
            Reference(RunSchemas.NewActivity, document),
            "The activities of the run. They are stored together with it."
        );
        activities.MaxItems = Domain.Runs.Run.MaxActivities;
        newRun.Properties["activities"] = activities;
        document.AddComponent(RunSchemas.NewRun, newRun);

        var changes = RequestSchema(
            document,
            RunEdmModel.Run,
            runProperties,
            RunStatus.All.Select(s => s.Name),
            [],
            _computed
        );
        changes.Description =
            "The properties that the body contains are changed. "
            + "`statistics` and `blockingError` are replaced as a whole.";
        document.AddComponent(RunSchemas.RunChanges, changes);

        document.AddComponent(
            RunSchemas.RunReference,
            Record(
                new() { ["@odata.id"] = Text("The URL of a run, absolute or relative to the service root.") },
                ["@odata.id"]
            )
        );
        document.AddComponent(
            RunSchemas.NewRunOrReference,
            new OpenApiSchema
            {
                AnyOf = [Reference(RunSchemas.NewRun, document), Reference(RunSchemas.RunReference, document)],
            }
        );

        var activity = (IEdmStructuredType)RunEdmModel.Model.FindDeclaredType(RunSchemas.Activity);
        string[] activityProperties = ["displayName", "status", "blockingError", "activity"];
        (string, string[])[] schemas =
        [
            (RunSchemas.NewActivity, [TypeAnnotation, "displayName", "status"]),
            (RunSchemas.ActivityChanges, []),
        ];
        foreach (var (name, required) in schemas)
        {
            var sent = RequestSchema(
                document,
                activity,
                activityProperties,
                ActivityStatus.All.Select(s => s.Name),
                required,
                ignored: ["id"]
            );
            sent.Properties![TypeAnnotation] = OneOfTypes([.. ActivityTypeNames.All]);
            document.AddComponent(name, sent);
        }

        document.AddComponent(
            RunSchemas.NoParameters,
            new OpenApiSchema { Type = JsonSchemaType.Object, MaxProperties = 0 }
        );
    }

    private static void AddWrapped(OpenApiDocument document)
    {
        var text = Text();
        document.AddComponent(
            RunSchemas.RunCollection,
            Record(
                new()
                {
                    ["@odata.context"] = text,
                    ["@odata.count"] = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Integer,
                        Format = "int64",
                        Description = "The number of runs that match, only with `$count=true`.",
                    },
                    ["@odata.nextLink"] = Text("The URL of the next page; absent on the last page."),
                    ["value"] = ArrayOf(Reference(RunSchemas.Run, document)),
                },
                ["@odata.context", "value"]
            )
        );
        var removed = Record(
            new()
            {
                ["id"] = text,
                ["@removed"] = Record(
                    new() { ["reason"] = Text("`deleted`, or `changed` if the run no longer matches.") },
                    ["reason"]
                ),
            },
            ["id", "@removed"]
        );
        document.AddComponent(
            RunSchemas.RunChangeCollection,
            Record(
                new()
                {
                    ["@odata.context"] = text,
                    ["@odata.nextLink"] = Text("The URL of the next page."),
                    ["@odata.deltaLink"] = Text("On the last page: the URL of the changes since this response."),
                    ["value"] = ArrayOf(new OpenApiSchema { AnyOf = [Reference(RunSchemas.Run, document), removed] }),
                },
                ["@odata.context", "value"]
            )
        );
        document.AddComponent(
            RunSchemas.ActivityCollection,
            ActivityPage(ArrayOf(Reference(RunSchemas.Activity, document)))
        );
        document.AddComponent(
            RunSchemas.Count,
            new OpenApiSchema
            {
                Type = JsonSchemaType.Integer,
                Format = "int64",
                Minimum = "0",
            }
        );
        document.AddComponent(
            RunSchemas.EventStream,
            new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description =
                    "Server-Sent Events: `ready`, `runs`, `many`, `ping`, `gone` and `bye`. "
                    + "The data of `runs` is a JSON object whose `value` has the changed runs.",
            }
        );
        var reference = Record(new() { ["@odata.id"] = Text("The URL of an activity.") }, ["@odata.id"]);
        document.AddComponent(RunSchemas.ActivityReferences, ActivityPage(ArrayOf(reference)));
        document.AddComponent(
            ServiceSchemas.Singleton,
            Record(new() { ["@odata.context"] = text }, ["@odata.context"])
        );
        document.AddComponent(
            ServiceSchemas.ServiceDocument,
            Record(
                new()
                {
                    ["@odata.context"] = text,
                    ["value"] = ArrayOf(
                        Record(
                            new()
                            {
                                ["name"] = text,
                                ["kind"] = text,
                                ["url"] = text,
                            },
                            ["name", "url"]
                        )
                    ),
                },
                ["@odata.context", "value"]
            )
        );
        document.AddComponent(ServiceSchemas.Csdl, Text("CSDL in XML."));
        document.AddComponent(
            ServiceSchemas.CsdlJson,
            new OpenApiSchema { Type = JsonSchemaType.Object, Description = "CSDL in JSON." }
        );
        var reason = Record(
            new()
            {
                ["code"] = Text("The code of an outage."),
                ["message"] = text,
                ["target"] = Text("`read` or `write`: what does not work."),
            },
            ["code", "message", "target"]
        );
        var standby = Record(
            new()
            {
                ["isUsed"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Boolean,
                    Description = "True if reads go to the standby.",
                },
                ["lagSeconds"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Number,
                    Description = "The time by which it is behind the primary.",
                },
            },
            ["isUsed"]
        );
        document.AddComponent(
            ServiceSchemas.Health,
            Record(
                new()
                {
                    ["status"] = Text("`live` or `ready`."),
                    ["reasons"] = ArrayOf(reason),
                    ["standbys"] = ArrayOf(standby, "The standbys, if the service reads from them."),
                },
                ["status", "reasons"]
            )
        );
        document.AddComponent(
            OpenApi,
            new OpenApiSchema { Type = JsonSchemaType.Object, Description = "OpenAPI 3.1." }
        );

        var headers = new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = text };
        var item = Record(
            new()
            {
                ["id"] = Text("The id of the request within the batch."),
                ["method"] = Text("The HTTP method."),
                ["url"] = Text("The URL, relative to the service root to which the batch is sent."),
                ["headers"] = headers,
                ["body"] = new OpenApiSchema { Description = "A JSON value, or another media type in base64." },
                ["dependsOn"] = ArrayOf(text, "The ids of the requests that must succeed first."),
            },
            ["id", "method", "url"]
        );
        var items = ArrayOf(item);
        (items.MinItems, items.MaxItems) = (1, BatchEnvelope.MaxItems);
        document.AddComponent(BatchEndpoint.RequestSchema, Record(new() { ["requests"] = items }, ["requests"]));
        var answer = Record(
            new()
            {
                ["id"] = text,
                ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
                ["headers"] = headers,
                ["body"] = new OpenApiSchema(),
            },
            ["id", "status"]
        );
        document.AddComponent(
            BatchEndpoint.ResponseSchema,
            Record(new() { ["responses"] = ArrayOf(answer) }, ["responses"])
        );

        var detail = Record(
            new()
            {
                ["code"] = text,
                ["message"] = text,
                ["target"] = text,
            },
            ["code", "message"]
        );
        var inner = Record(
            new()
            {
                ["code"] = Text("The error code. It is stable."),
                ["date"] = Text("UTC."),
                ["request-id"] = Text("The id of the request in the log of the service."),
                ["client-request-id"] = Text("The value of the request header of this name, or the request-id."),
            },
            ["code", "date", "request-id", "client-request-id"]
        );
        var error = Record(
            new()
            {
                ["code"] = Text("The name of the status code in camelCase."),
                ["message"] = Text("The description of the error and its remedy."),
                ["target"] = Text("The path of the invalid value."),
                ["details"] = ArrayOf(detail, "All errors of the body."),
                ["innerError"] = inner,
            },
            ["code", "message", "innerError"]
        );
        document.AddComponent(Error, Record(new() { ["error"] = error }, ["error"]));
    }

    // The entity types between the service root and the runs have no structural properties except the id.
    private static bool IsOfRuns(IEdmStructuredType type) =>
        type is IEdmComplexType || type.DeclaredStructuralProperties().Any(p => p.Name != "id");

    /// <summary>
    /// Creates the schema of a type in responses. With <c>$select</c> an entity contains only the selected properties,
    /// and all properties of an open type may be absent. Therefore the schemas of both require no property except the
    /// key.
    /// </summary>
    private static OpenApiSchema ResponseSchema(IEdmStructuredType type, OpenApiDocument document)
    {
        var derived = RunEdmModel.Model.FindDirectlyDerivedTypes(type).ToList();
        if (type.IsAbstract && derived.Count > 0)
        {
            return new OpenApiSchema
            {
                Description = $"One of the types that `{TypeAnnotation}` names.",
                AnyOf = [.. derived.Select(d => Reference(d.FullTypeName(), document))],
            };
        }

        var schema = Record([], []);
        if (type is IEdmEntityType { IsAbstract: false } || type.FullTypeName() == RunSchemas.Statistics)
        {
            schema.Properties!["@odata.context"] = Text("Present only if the response consists of the statistics.");
        }

        schema.AdditionalProperties = type.IsOpen
            ? new OpenApiSchema { Description = "Undeclared members, as sent." }
            : null;
        foreach (var property in type.Properties())
        {
            schema.Properties![property.Name] = ResponseSchema(type, property, document);
            if (
                property.Name == "id"
                || (
                    type is IEdmComplexType { IsOpen: false }
                    && !property.Type.IsNullable
                    && !property.Type.IsCollection()
                )
            )
            {
                schema.Required!.Add(property.Name);
            }
        }

        return schema;
    }

    private static IOpenApiSchema ResponseSchema(
        IEdmStructuredType type,
        IEdmProperty property,
        OpenApiDocument document
    )
    {
        var schema = ResponseSchema(property.Type, document);
        var (description, maxLength) =
            type == RunEdmModel.Run && RunPropertyTable.Find(property.Name) is { } row
                ? (row.Description, row.MaxLength)
                : DescribeOther(type, property);
        if (schema is OpenApiSchema own)
        {
            own.Description = description ?? own.Description;
            (own.MinLength, own.MaxLength) = (maxLength is null || property.Type.IsNullable ? null : 1, maxLength);
        }
        else if (schema is OpenApiSchemaReference reference && description is not null)
        {
            // OpenAPI 3.1 allows a description next to $ref.
            reference.Description = description;
        }

        return schema;
    }

    private static IOpenApiSchema ResponseSchema(IEdmTypeReference type, OpenApiDocument document)
    {
        if (type.IsCollection())
        {
            return ArrayOf(ResponseSchema(type.AsCollection().ElementType(), document));
        }

        if (type.IsPrimitive())
        {
            var schema = type.PrimitiveKind() switch
            {
                EdmPrimitiveTypeKind.Int64 => new OpenApiSchema
                {
                    Type = JsonSchemaType.Integer,
                    Format = "int64",
                    Minimum = "0",
                },
                EdmPrimitiveTypeKind.DateTimeOffset => new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Format = "date-time",
                },
                EdmPrimitiveTypeKind.String => Text(),
                var kind => throw new InvalidOperationException(
                    $"Schemas does not know how {kind} is written; add it."
                ),
            };
            schema.Type |= type.IsNullable ? JsonSchemaType.Null : 0;
            return schema;
        }

        var reference = Reference(type.FullName(), document);
        return type.IsNullable
            ? new OpenApiSchema { AnyOf = [reference, new OpenApiSchema { Type = JsonSchemaType.Null }] }
            : reference;
    }

    private static (string? Description, int? MaxLength) DescribeOther(IEdmStructuredType type, IEdmProperty property)
    {
        var name = BasesOf(type)
            .Prepend(type)
            .Select(t => $"{t.FullTypeName()}/{property.Name}")
            .FirstOrDefault(RunEdmAnnotations.Descriptions.ContainsKey);
        return name is null
            ? (null, null)
            : (
                RunEdmAnnotations.Descriptions[name],
                name == $"{RunSchemas.Activity}/displayName" ? RunActivity.MaxDisplayNameLength : null
            );
    }

    private static IEnumerable<IEdmStructuredType> BasesOf(IEdmStructuredType type)
    {
        for (var at = type.BaseType; at is not null; at = at.BaseType)
        {
            yield return at;
        }
    }

    /// <summary>
    /// Creates the schema of a type in requests. It contains the given properties, annotations, and the properties that
    /// the server sets. The server ignores the latter in requests.
    /// </summary>
    private static OpenApiSchema RequestSchema(
        OpenApiDocument document,
        IEdmStructuredType type,
        string[] properties,
        IEnumerable<string> statuses,
        string[] required,
        string[] ignored
    )
    {
        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = properties.ToDictionary(p => p, p => ResponseSchema(type, type.FindProperty(p), document)),
            PatternProperties = new Dictionary<string, IOpenApiSchema>
            {
                [$"@|^({string.Join('|', ignored)})$"] = new OpenApiSchema
                {
                    Description = "Ignored, so that a client can send back a run that it read.",
                },
            },
            AdditionalPropertiesAllowed = false,
            Required = new HashSet<string>(required),
        };
        var status = OneOf(statuses);
        status.Description = schema.Properties["status"].Description;
        schema.Properties["status"] = status;
        return schema;
    }

    private static OpenApiSchema Typed(OpenApiSchema schema, string name)
    {
        schema.Properties![TypeAnnotation] = OneOf([$"#{name}"]);
        schema.Required!.Add(TypeAnnotation);
        return schema;
    }

    private static OpenApiSchema Component(OpenApiDocument document, string name) =>
        (OpenApiSchema)document.Components!.Schemas![name];

    private static OpenApiSchema Text(string? description = null) =>
        new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema ArrayOf(IOpenApiSchema items, string? description = null) =>
        new()
        {
            Type = JsonSchemaType.Array,
            Items = items,
            Description = description,
        };

    private static OpenApiSchema OneOf(IEnumerable<string> names) =>
        new() { Type = JsonSchemaType.String, Enum = [.. names] };

    // Requests may have the type name with or without #. Responses have it with #.
    private static OpenApiSchema OneOfTypes(params string[] names) =>
        OneOf(names.SelectMany(n => (string[])[$"#{n}", n]));

    private static OpenApiSchema ActivityPage(OpenApiSchema items) =>
        Record(
            new()
            {
                ["@odata.context"] = Text(),
                ["@odata.count"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Integer,
                    Format = "int64",
                    Description = "The number of activities of the run, only with `$count=true`.",
                },
                ["@odata.nextLink"] = Text("The URL of the next page; absent on the last page."),
                ["value"] = items,
            },
            ["@odata.context", "value"]
        );

    private static OpenApiSchema Record(Dictionary<string, IOpenApiSchema> properties, string[] required) =>
        new()
        {
            Type = JsonSchemaType.Object,
            Properties = properties,
            Required = new HashSet<string>(required),
        };
}
