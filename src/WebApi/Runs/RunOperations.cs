using IndustryData.WebApi.OpenApi;

namespace IndustryData.WebApi.Runs;

/// <summary>The descriptions of the operations on runs.</summary>
internal static class RunOperations
{
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

    private static readonly string[] _retryHeaders =
    [
        Parameters.IdempotencyKey,
        Parameters.RepeatabilityRequestId,
        Parameters.RepeatabilityFirstSent,
    ];

    /// <summary>
    /// The request headers of operations that support safe retries and the <c>return</c> preference.
    /// </summary>
    public static readonly string[] IdempotentRequestHeaders = [Parameters.PreferReturn, .. _retryHeaders];

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
        "Add run",
        "Adds a run to the runs. A 2xx means that it is committed and flushed to disk. "
            + "A body with nothing but `@odata.id` names a run that exists, and adds nothing."
    )
    {
        Headers = IdempotentRequestHeaders,
        Body = new RequestBodyDescription(
            Schemas.NewRunOrReference,
            [
                .. _runs,
                new("reference", "A run that exists", $$"""{ "@odata.id": "process/runs/{{Parameters.RunId}}" }"""),
            ]
        ),
        Answers =
        [
            ResponseDescription.Json(
                201,
                "The run, for those who prefer its representation.",
                Schemas.Run,
                Parameters.Location,
                Parameters.ETag,
                Parameters.PreferenceApplied,
                Parameters.RepeatabilityResult
            ),
            ResponseDescription.Empty(
                204,
                "The run is stored; `Location` says where it is.",
                Parameters.Location,
                Parameters.EntityId,
                Parameters.PreferenceApplied,
                Parameters.RepeatabilityResult
            ),
        ],
    };

    public static readonly OperationDescription Create = new(
        "createRun",
        "Create run",
        "Adds a run like `Add run`, and answers with it as OData does."
    )
    {
        Headers = IdempotentRequestHeaders,
        Body = new RequestBodyDescription(Schemas.NewRun, _runs),
        Answers =
        [
            ResponseDescription.Json(
                201,
                "The run.",
                Schemas.Run,
                Parameters.Location,
                Parameters.ETag,
                Parameters.PreferenceApplied,
                Parameters.RepeatabilityResult
            ),
            ResponseDescription.Empty(
                204,
                "The run is stored, and nothing more is preferred.",
                Parameters.Location,
                Parameters.EntityId,
                Parameters.PreferenceApplied,
                Parameters.RepeatabilityResult
            ),
        ],
    };

    public static readonly OperationDescription List = new(
        "listRuns",
        "List runs",
        "The newest runs first, a page at a time. "
            + "`@odata.nextLink` leads to the next page, without gaps or repeats while others add runs."
    )
    {
        Headers = [Parameters.PreferPageSize],
        Answers =
        [
            ResponseDescription.Json(200, "A page of runs.", Schemas.RunCollection, Parameters.PreferenceApplied),
        ],
    };

    public static readonly OperationDescription Count = new(
        "countRuns",
        "Count runs",
        "How many runs there are, or match."
    )
    {
        Answers = [ResponseDescription.Text(200, "The number.", Schemas.Count)],
    };

    public static readonly OperationDescription Get = new(
        "getRun",
        "Get run",
        "A run with everything but its activities."
    )
    {
        Headers = [Parameters.IfNoneMatch],
        Answers =
        [
            ResponseDescription.Json(200, "The run.", Schemas.Run, Parameters.ETag),
            ResponseDescription.Empty(304, "The run is still as the caller has it.", Parameters.ETag),
        ],
    };

    public static readonly OperationDescription GetStatistics = new(
        "getRunStatistics",
        "Get statistics of a run",
        "What the run counted, with the members that its reporter added."
    )
    {
        Answers = [ResponseDescription.Json(200, "The statistics.", Schemas.Statistics)],
    };

    public static readonly OperationDescription SumStatistics = new(
        "getStatistics",
        "Get statistics of many runs",
        "What all runs, or those that match, counted together: `inboundTotals` is added up, "
            + "`runId` and `status` are those of the newest run."
    )
    {
        Answers =
        [
            ResponseDescription.Json(200, "The sum.", Schemas.Statistics),
            ResponseDescription.Empty(204, "There are no such runs."),
        ],
    };

    public static readonly OperationDescription GetDelta = new(
        "getRunsDelta",
        "Follow the changes of runs",
        "All runs at first, then what has changed since: follow `@odata.nextLink` while there is one, "
            + "keep `@odata.deltaLink` and follow it later. "
            + "A run that is deleted, or no longer matches, comes as `@removed`. "
            + "No change is missed, one may come twice; only runs that retention removes are not reported."
    )
    {
        Headers = [Parameters.PreferPageSize],
        Answers =
        [
            ResponseDescription.Json(
                200,
                "A page of runs as they are now.",
                Schemas.RunChangeCollection,
                Parameters.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Update = new(
        "updateRun",
        "Update run",
        "Changes what is sent. A running run is finished by a final status together with `endDateTime`. "
            + "Status, start and end are final then; the rest can still be corrected."
    )
    {
        Headers = [Parameters.IfMatch, Parameters.PreferReturn],
        Body = new RequestBodyDescription(
            Schemas.RunChanges,
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
            ResponseDescription.Json(
                200,
                "The run as it is now.",
                Schemas.Run,
                Parameters.ETag,
                Parameters.PreferenceApplied
            ),
            ResponseDescription.Empty(
                204,
                "The run is changed, and nothing more is preferred.",
                Parameters.ETag,
                Parameters.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Delete = new(
        "deleteRun",
        "Delete run",
        "Deletes a run with all that belongs to it."
    )
    {
        Headers = [Parameters.IfMatch],
        Answers = [ResponseDescription.Empty(204, "The run is gone.")],
    };

    public static readonly OperationDescription Start = new(
        "startRun",
        "Start run",
        "Adds a running run that begins now, named after the minute. A tenant can do this only so often."
    )
    {
        Headers = _retryHeaders,
        Body = new RequestBodyDescription(
            Schemas.NoParameters,
            new RequestExample("empty", "Nothing, as an object", "{}")
        )
        {
            IsRequired = false,
        },
        Answers =
        [
            ResponseDescription.Empty(202, "The run is stored; `Location` says where it is.", Parameters.Location),
        ],
    };
}
