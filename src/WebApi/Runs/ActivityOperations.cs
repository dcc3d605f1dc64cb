using IndustryData.WebApi.OpenApi;

namespace IndustryData.WebApi.Runs;

/// <summary>What the routes of activities do.</summary>
internal static class ActivityOperations
{
    public static readonly Operation List = new("listActivities", "List activities of a run", "What the run carried out, in the order in which it was added, a page at a time.")
    {
        Headers = [Parameters.PreferPageSize],
        Answers = [Answer.Json(200, "A page of the run's activities.", Schemas.ActivityCollection, Parameters.PreferenceApplied)],
    };

    public static readonly Operation Count = new("countActivities", "Count activities of a run", "How many activities the run has.")
    {
        Answers = [Answer.Text(200, "The number.", Schemas.Count)],
    };

    public static readonly Operation ListReferences = new("listActivityReferences", "List references to activities of a run", "Where the activities of the run are, and nothing else of them, a page at a time.")
    {
        Headers = [Parameters.PreferPageSize],
        Answers = [Answer.Json(200, "A page of references to activities.", Schemas.ActivityReferences, Parameters.PreferenceApplied)],
    };

    public static readonly Operation Get = new("getActivity", "Get activity", "One activity of a run.")
    {
        Answers = [Answer.Json(200, "The activity.", Schemas.Activity)],
    };

    public static readonly Operation Add = new("addActivity", "Add activity", "Adds an activity to a run that is still running.")
    {
        Headers = RunOperations.Safely,
        Body = new Body(
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
                """),
            new("outbound", "Data that goes out", """{ "@odata.type": "#microsoft.graph.industryData.outboundFlowActivity", "displayName": "Classes to the directory", "status": "skipped" }""")),
        Answers =
        [
            Answer.Json(201, "The activity.", Schemas.Activity, Parameters.Location, Parameters.PreferenceApplied),
            Answer.Empty(204, "The activity is stored, and nothing more is preferred.", Parameters.Location, Parameters.EntityId, Parameters.PreferenceApplied),
        ],
    };

    public static readonly Operation Update = new("updateActivity", "Update activity", "Changes what is sent. `If-Match` is compared with the `ETag` of the run.")
    {
        Headers = [Parameters.IfMatch, Parameters.PreferReturn],
        Body = new Body(Schemas.ActivityChanges, new Example("finish", "The activity is over", """{ "status": "completed" }""")),
        Answers =
        [
            Answer.Json(200, "The activity as it is now.", Schemas.Activity, Parameters.PreferenceApplied),
            Answer.Empty(204, "The activity is changed, and nothing more is preferred.", Parameters.PreferenceApplied),
        ],
    };
}
