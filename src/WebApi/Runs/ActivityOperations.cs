using IndustryData.WebApi.OpenApi;

namespace IndustryData.WebApi.Runs;

/// <summary>The descriptions of the operations on activities.</summary>
internal static class ActivityOperations
{
    public static readonly OperationDescription List = new(
        "listActivities",
        "List activities of a run",
        "What the run carried out, in the order in which it was added, a page at a time."
    )
    {
        Headers = [Parameters.PreferPageSize],
        Answers =
        [
            ResponseDescription.Json(
                200,
                "A page of the run's activities.",
                Schemas.ActivityCollection,
                Parameters.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Count = new(
        "countActivities",
        "Count activities of a run",
        "How many activities the run has."
    )
    {
        Answers = [ResponseDescription.Text(200, "The number.", Schemas.Count)],
    };

    public static readonly OperationDescription ListReferences = new(
        "listActivityReferences",
        "List references to activities of a run",
        "Where the activities of the run are, and nothing else of them, a page at a time."
    )
    {
        Headers = [Parameters.PreferPageSize],
        Answers =
        [
            ResponseDescription.Json(
                200,
                "A page of references to activities.",
                Schemas.ActivityReferences,
                Parameters.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Get = new("getActivity", "Get activity", "One activity of a run.")
    {
        Answers = [ResponseDescription.Json(200, "The activity.", Schemas.Activity)],
    };

    public static readonly OperationDescription Add = new(
        "addActivity",
        "Add activity",
        "Adds an activity to a run that is still running."
    )
    {
        Headers = RunOperations.IdempotentRequestHeaders,
        Body = new RequestBodyDescription(
            Schemas.NewActivity,
            new(
                "inbound",
                "Data that comes in",
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
                "Data that goes out",
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
            ResponseDescription.Json(
                201,
                "The activity.",
                Schemas.Activity,
                Parameters.Location,
                Parameters.PreferenceApplied
            ),
            ResponseDescription.Empty(
                204,
                "The activity is stored, and nothing more is preferred.",
                Parameters.Location,
                Parameters.EntityId,
                Parameters.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Update = new(
        "updateActivity",
        "Update activity",
        "Changes what is sent. `If-Match` is compared with the `ETag` of the run."
    )
    {
        Headers = [Parameters.IfMatch, Parameters.PreferReturn],
        Body = new RequestBodyDescription(
            Schemas.ActivityChanges,
            new RequestExample("finish", "The activity is over", """{ "status": "completed" }""")
        ),
        Answers =
        [
            ResponseDescription.Json(200, "The activity as it is now.", Schemas.Activity, Parameters.PreferenceApplied),
            ResponseDescription.Empty(
                204,
                "The activity is changed, and nothing more is preferred.",
                Parameters.PreferenceApplied
            ),
        ],
    };
}
