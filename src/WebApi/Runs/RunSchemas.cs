using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Runs;

/// <summary>The names of the schemas of runs and activities in the OpenAPI document.</summary>
internal static class RunSchemas
{
    public const string NewRun = "newRun";
    public const string RunChanges = "runUpdate";
    public const string RunReference = "runReference";
    public const string NewRunOrReference = "newRunOrReference";
    public const string NewActivity = "newActivity";
    public const string ActivityChanges = "activityUpdate";
    public const string RunCollection = "runCollection";
    public const string RunChangeCollection = "runDelta";
    public const string ActivityCollection = "activityCollection";
    public const string ActivityReferences = "activityReferences";
    public const string NoParameters = "noParameters";
    public const string Count = "count";
    public const string EventStream = "eventStream";

    /// <summary>The schema of a run in responses.</summary>
    public const string Run = $"{RunEdmModel.Namespace}.industryDataRun";

    /// <summary>The schema of statistics in responses.</summary>
    public const string Statistics = $"{RunEdmModel.Namespace}.industryDataRunStatistics";

    /// <summary>The schema of an activity of either type in responses.</summary>
    public const string Activity = $"{RunEdmModel.Namespace}.industryDataRunActivity";
}
