using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>The descriptions of the operations on activities.</summary>
internal static class ActivityOperations
{
    /// <summary>The id of the activity in the examples.</summary>
    public const string ExampleId = "01a20979-bf13-7b2c-9d0e-3f6a5c1e8b77";

    private static readonly string[] _pageOptions =
    [
        ODataQueryString.Top,
        ODataQueryString.Count,
        ODataQueryString.SkipToken,
    ];

    public static readonly OperationDescription List = new(
        "listActivities",
        "GET",
        Permissions.Read,
        "List activities of a run",
        "Returns the activities of a run in pages, in the order in which they were added."
    )
    {
        QueryOptions = _pageOptions,
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.Position, RequestHeader.PreferPageSize],
        Answers =
        [
            ResponseDescription.Ok(
                "A page of the run's activities.",
                RunSchemas.ActivityCollection,
                ResponseHeader.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Count = new(
        "countActivities",
        "GET",
        Permissions.Read,
        "Count activities of a run",
        "Returns the number of activities of a run."
    )
    {
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.Position],
        Answers = [ResponseDescription.Ok("The number of activities.", (MediaTypes.Text, RunSchemas.Count))],
    };

    public static readonly OperationDescription ListReferences = new(
        "listActivityReferences",
        "GET",
        Permissions.Read,
        "List references to activities of a run",
        "Returns the URLs of the activities of a run in pages."
    )
    {
        QueryOptions = _pageOptions,
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.Position, RequestHeader.PreferPageSize],
        Answers =
        [
            ResponseDescription.Ok(
                "A page of references to activities.",
                RunSchemas.ActivityReferences,
                ResponseHeader.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Get = new(
        "getActivity",
        "GET",
        Permissions.Read,
        "Get activity",
        "Returns an activity of a run."
    )
    {
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.Position],
        Answers = [ResponseDescription.Ok("The activity.", RunSchemas.Activity)],
    };

    public static readonly OperationDescription Add = new(
        "addActivity",
        "POST",
        Permissions.Write,
        "Add activity",
        "Adds an activity to a running run."
    )
    {
        OtherErrors = [ErrorStatus.NotFound, ErrorStatus.Conflict],
        Headers = RunOperations.IdempotentRequestHeaders,
        Body = new RequestBodyDescription(
            RunSchemas.NewActivity,
            new(
                "inbound",
                "An inbound flow",
                """
                {
                  "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity",
                  "displayName": "Students",
                  "status": "inProgress",
                  "activity": { "id": "students", "displayName": "Students from the SIS", "readinessStatus": "ready" }
                }
                """
            ),
            new(
                "outbound",
                "An outbound flow",
                """
                {
                  "@odata.type": "#microsoft.graph.industryData.outboundFlowActivity",
                  "displayName": "Classes to the directory",
                  "status": "skipped"
                }
                """
            )
        ),
        Answers =
        [
            ResponseDescription.Created(
                "The activity.",
                RunSchemas.Activity,
                ResponseHeader.Location,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult,
                ResponseHeader.Position
            ),
            ResponseDescription.NoContent(
                "The activity is stored; the request prefers a minimal response.",
                ResponseHeader.Location,
                ResponseHeader.EntityId,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult,
                ResponseHeader.Position
            ),
        ],
    };

    public static readonly OperationDescription Update = new(
        "updateActivity",
        "PATCH",
        Permissions.Write,
        "Update activity",
        "Changes the properties that the body contains. `If-Match` refers to the `ETag` of the run."
    )
    {
        OtherErrors = [ErrorStatus.NotFound, ErrorStatus.Conflict],
        Headers = [RequestHeader.IfMatch, RequestHeader.PreferReturn],
        Body = new RequestBodyDescription(
            RunSchemas.ActivityChanges,
            new RequestExample("finish", "End an activity", """{ "status": "completed" }""")
        ),
        Answers =
        [
            ResponseDescription.Ok(
                "The changed activity.",
                RunSchemas.Activity,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.Position
            ),
            ResponseDescription.NoContent(
                "The activity is changed; the request prefers a minimal response.",
                ResponseHeader.PreferenceApplied,
                ResponseHeader.Position
            ),
        ],
    };
}
