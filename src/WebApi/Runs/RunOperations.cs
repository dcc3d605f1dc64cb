using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>The descriptions of the operations on runs.</summary>
internal static class RunOperations
{
    /// <summary>The id of the run in the examples.</summary>
    public const string ExampleId = "01a20979-bf10-7540-85f7-4aec14518420";

    private const string WholeRun = """
        {
          "@odata.type": "#microsoft.graph.industryData.run",
          "displayName": "Nightly rostering",
          "startDateTime": "2026-11-22T02:00:00Z",
          "endDateTime": "2026-11-22T02:41:07Z",
          "status": "completedWithWarnings",
          "statistics": { "inboundTotals": { "people": 9120, "warnings": 3 }, "rowsPerSecond": 431.5 }
        }
        """;

    /// <summary>
    /// The request headers of operations that support safe retries and the <c>return</c> preference.
    /// </summary>
    public static readonly IReadOnlyList<RequestHeader> IdempotentRequestHeaders =
    [
        RequestHeader.PreferReturn,
        .. RequestHeader.Idempotency,
    ];

    private static readonly RequestExample[] _runs =
    [
        new("run", "A run that is over", WholeRun),
        new(
            "runningRun",
            "A run that goes on",
            """
            {
              "displayName": "Nightly rostering",
              "startDateTime": "2026-11-22T02:00:00Z",
              "status": "running",
              "statistics": {}
            }
            """
        ),
        new(
            "failedRun",
            "A run that an error stopped, with what it carried out",
            """
            {
              "displayName": "Nightly rostering",
              "startDateTime": "2026-11-22T02:00:00Z",
              "endDateTime": "2026-11-22T02:03:30Z",
              "status": "failed",
              "statistics": { "inboundTotals": { "errors": 1 } },
              "blockingError": {
                "code": "sourceUnavailable",
                "message": "The student information system does not answer."
              },
              "activities": [
                {
                  "@odata.type": "#microsoft.graph.industryData.inboundFlowActivity",
                  "displayName": "Students",
                  "status": "failed",
                  "activity": { "id": "students", "displayName": "Students from the SIS", "readinessStatus": "ready" }
                }
              ]
            }
            """
        ),
    ];

    public static readonly OperationDescription AddToCollection = new(
        "addRun",
        "POST",
        Permissions.Write,
        "Add run",
        "Adds a run to the runs. A 2xx means that it is committed and flushed to disk. "
            + "A body with nothing but `@odata.id` names a run that exists, and adds nothing."
    )
    {
        OtherErrors = [ErrorStatus.NotFound],
        Headers = IdempotentRequestHeaders,
        Body = new RequestBodyDescription(
            RunSchemas.NewRunOrReference,
            [.. _runs, new("reference", "A run that exists", $$"""{ "@odata.id": "process/runs/{{ExampleId}}" }""")]
        ),
        Answers =
        [
            ResponseDescription.NoContent(
                "The run is stored; `Location` says where it is.",
                ResponseHeader.Location,
                ResponseHeader.EntityId,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult
            ),
            ResponseDescription.Created(
                "The run, for those who prefer its representation.",
                RunSchemas.Run,
                ResponseHeader.Location,
                ResponseHeader.ETag,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult
            ),
        ],
    };

    public static readonly OperationDescription Create = new(
        "createRun",
        "POST",
        Permissions.Write,
        "Create run",
        "Adds a run like `Add run`, and answers with it as OData does."
    )
    {
        Headers = IdempotentRequestHeaders,
        Body = new RequestBodyDescription(RunSchemas.NewRun, _runs),
        Answers =
        [
            ResponseDescription.Created(
                "The run.",
                RunSchemas.Run,
                ResponseHeader.Location,
                ResponseHeader.ETag,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult
            ),
            ResponseDescription.NoContent(
                "The run is stored, and nothing more is preferred.",
                ResponseHeader.Location,
                ResponseHeader.EntityId,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult
            ),
        ],
    };

    public static readonly OperationDescription List = new(
        "listRuns",
        "GET",
        Permissions.Read,
        "List runs",
        "The newest runs first, a page at a time. "
            + "`@odata.nextLink` leads to the next page, without gaps or repeats while others add runs."
    )
    {
        QueryOptions =
        [
            ODataQueryString.Filter,
            ODataQueryString.OrderBy,
            ODataQueryString.Select,
            ODataQueryString.Expand,
            ODataQueryString.Search,
            ODataQueryString.Top,
            ODataQueryString.Skip,
            ODataQueryString.Count,
            ODataQueryString.SkipToken,
        ],
        Headers = [RequestHeader.PreferPageSize],
        Answers =
        [
            ResponseDescription.Ok("A page of runs.", RunSchemas.RunCollection, ResponseHeader.PreferenceApplied),
        ],
    };

    public static readonly OperationDescription Count = new(
        "countRuns",
        "GET",
        Permissions.Read,
        "Count runs",
        "How many runs there are, or match."
    )
    {
        QueryOptions = [ODataQueryString.Filter, ODataQueryString.Search],
        Answers = [ResponseDescription.Ok("The number.", (MediaTypes.Text, RunSchemas.Count))],
    };

    public static readonly OperationDescription Get = new(
        "getRun",
        "GET",
        Permissions.Read,
        "Get run",
        "A run with everything but its activities."
    )
    {
        QueryOptions = [ODataQueryString.Select, ODataQueryString.Expand],
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.IfNoneMatch],
        Answers =
        [
            ResponseDescription.Ok("The run.", RunSchemas.Run, ResponseHeader.ETag),
            ResponseDescription.NotModified("The run is still as the caller has it.", ResponseHeader.ETag),
        ],
    };

    public static readonly OperationDescription GetStatistics = new(
        "getRunStatistics",
        "GET",
        Permissions.Read,
        "Get statistics of a run",
        "What the run counted, with the members that its reporter added."
    )
    {
        OtherErrors = [ErrorStatus.NotFound],
        Answers = [ResponseDescription.Ok("The statistics.", RunSchemas.Statistics)],
    };

    public static readonly OperationDescription SumStatistics = new(
        "getStatistics",
        "GET",
        Permissions.Read,
        "Get statistics of many runs",
        "What all runs, or those that match, counted together: `inboundTotals` is added up, "
            + "`runId` and `status` are those of the newest run."
    )
    {
        QueryOptions = [ODataQueryString.Filter, ODataQueryString.Search],
        Answers =
        [
            ResponseDescription.Ok("The sum.", RunSchemas.Statistics),
            ResponseDescription.NoContent("There are no such runs."),
        ],
    };

    public static readonly OperationDescription GetDelta = new(
        "getRunsDelta",
        "GET",
        Permissions.Read,
        "Follow the changes of runs",
        "All runs at first, then what has changed since: follow `@odata.nextLink` while there is one, "
            + "keep `@odata.deltaLink` and follow it later. "
            + "A run that is deleted, or no longer matches, comes as `@removed`. "
            + "No change is missed, one may come twice; only runs that retention removes are not reported."
    )
    {
        QueryOptions =
        [
            ODataQueryString.Filter,
            ODataQueryString.Search,
            ODataQueryString.Select,
            ODataQueryString.Top,
            ODataQueryString.SkipToken,
            ODataQueryString.DeltaToken,
        ],
        OtherErrors = [ErrorStatus.Gone],
        Headers = [RequestHeader.PreferPageSize],
        Answers =
        [
            ResponseDescription.Ok(
                "A page of runs as they are now.",
                RunSchemas.RunChangeCollection,
                ResponseHeader.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Update = new(
        "updateRun",
        "PATCH",
        Permissions.Write,
        "Update run",
        "Changes what is sent. A running run is finished by a final status together with `endDateTime`. "
            + "Status, start and end are final then; the rest can still be corrected."
    )
    {
        OtherErrors = [ErrorStatus.NotFound, ErrorStatus.Conflict],
        Headers = [RequestHeader.IfMatch, RequestHeader.PreferReturn],
        Body = new RequestBodyDescription(
            RunSchemas.RunChanges,
            new(
                "finish",
                "The run is over",
                """
                {
                  "status": "completed",
                  "endDateTime": "2026-11-22T02:41:07Z",
                  "statistics": { "inboundTotals": { "people": 9120 } }
                }
                """
            ),
            new("rename", "Another name", """{ "displayName": "Nightly rostering, second try" }""")
        ),
        Answers =
        [
            ResponseDescription.Ok(
                "The run as it is now.",
                RunSchemas.Run,
                ResponseHeader.ETag,
                ResponseHeader.PreferenceApplied
            ),
            ResponseDescription.NoContent(
                "The run is changed, and nothing more is preferred.",
                ResponseHeader.ETag,
                ResponseHeader.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Delete = new(
        "deleteRun",
        "DELETE",
        Permissions.Write,
        "Delete run",
        "Deletes a run with all that belongs to it."
    )
    {
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.IfMatch],
        Answers = [ResponseDescription.NoContent("The run is gone.")],
    };

    public static readonly OperationDescription Start = new(
        "startRun",
        "POST",
        Permissions.Start,
        "Start run",
        "Adds a running run that begins now, named after the minute. A tenant can do this only so often."
    )
    {
        Headers = RequestHeader.Idempotency,
        Body = new RequestBodyDescription(
            RunSchemas.NoParameters,
            new RequestExample("empty", "Nothing, as an object", "{}")
        )
        {
            IsRequired = false,
        },
        Answers =
        [
            ResponseDescription.Accepted("The run is stored; `Location` says where it is.", ResponseHeader.Location),
        ],
    };
}
