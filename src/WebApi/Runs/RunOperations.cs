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
        new("run", "A completed run", WholeRun),
        new(
            "runningRun",
            "A running run",
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
            "A failed run with its activities",
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
        "Adds a run to the collection. A 2xx response means that the run is committed and flushed to disk. "
            + "A body that has only `@odata.id` refers to an existing run. In this case, no run is added."
    )
    {
        OtherErrors = [ErrorStatus.NotFound],
        Headers = IdempotentRequestHeaders,
        Body = new RequestBodyDescription(
            RunSchemas.NewRunOrReference,
            [
                .. _runs,
                new(
                    "reference",
                    "A reference to an existing run",
                    $$"""{ "@odata.id": "process/runs/{{ExampleId}}" }"""
                ),
            ]
        ),
        Answers =
        [
            ResponseDescription.NoContent(
                "The run is stored. `Location` is its URL.",
                ResponseHeader.Location,
                ResponseHeader.EntityId,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult,
                ResponseHeader.Position
            ),
            ResponseDescription.Created(
                "The run, if the request prefers a representation.",
                RunSchemas.Run,
                ResponseHeader.Location,
                ResponseHeader.ETag,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult,
                ResponseHeader.Position
            ),
        ],
    };

    public static readonly OperationDescription Create = new(
        "createRun",
        "POST",
        Permissions.Write,
        "Create run",
        "Adds a run like *Add run*. By default, the response contains the run, as OData requires."
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
                ResponseHeader.RepeatabilityResult,
                ResponseHeader.Position
            ),
            ResponseDescription.NoContent(
                "The run is stored; the request prefers a minimal response.",
                ResponseHeader.Location,
                ResponseHeader.EntityId,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.RepeatabilityResult,
                ResponseHeader.Position
            ),
        ],
    };

    public static readonly OperationDescription List = new(
        "listRuns",
        "GET",
        Permissions.Read,
        "List runs",
        "Returns the runs in pages, by default the newest first. "
            + "`@odata.nextLink` is the URL of the next page. Concurrent inserts cause neither gaps nor duplicates."
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
        Headers = [RequestHeader.Position, RequestHeader.PreferPageSize],
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
        "Returns the number of runs that match, or of all runs."
    )
    {
        QueryOptions = [ODataQueryString.Filter, ODataQueryString.Search],
        Headers = [RequestHeader.Position],
        Answers = [ResponseDescription.Ok("The number of runs.", (MediaTypes.Text, RunSchemas.Count))],
    };

    public static readonly OperationDescription Get = new(
        "getRun",
        "GET",
        Permissions.Read,
        "Get run",
        "Returns a run. It contains the activities only with `$expand=activities`."
    )
    {
        QueryOptions = [ODataQueryString.Select, ODataQueryString.Expand],
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.Position, RequestHeader.IfNoneMatch],
        Answers =
        [
            ResponseDescription.Ok("The run.", RunSchemas.Run, ResponseHeader.ETag),
            ResponseDescription.NotModified("The run has not changed since the caller read it.", ResponseHeader.ETag),
        ],
    };

    public static readonly OperationDescription GetStatistics = new(
        "getRunStatistics",
        "GET",
        Permissions.Read,
        "Get statistics of a run",
        "Returns the statistics of a run, including undeclared members."
    )
    {
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.Position],
        Answers = [ResponseDescription.Ok("The statistics.", RunSchemas.Statistics)],
    };

    public static readonly OperationDescription SumStatistics = new(
        "getStatistics",
        "GET",
        Permissions.Read,
        "Get statistics of many runs",
        "Returns the sums of `inboundTotals` of the runs that match, or of all runs. "
            + "`runId` and `status` are those of the newest of these runs."
    )
    {
        QueryOptions = [ODataQueryString.Filter, ODataQueryString.Search],
        Headers = [RequestHeader.Position],
        Answers =
        [
            ResponseDescription.Ok("The sums.", RunSchemas.Statistics),
            ResponseDescription.NoContent("No runs match."),
        ],
    };

    public static readonly OperationDescription GetDelta = new(
        "getRunsDelta",
        "GET",
        Permissions.Read,
        "Follow the changes of runs",
        "Returns all runs first, and later the changes. Follow `@odata.nextLink` until a page has `@odata.deltaLink`. "
            + "Store that URL, and follow it to read later changes. "
            + "A run that was deleted or no longer matches has `@removed`. "
            + "No change is missed; a change can be reported twice. Runs that retention removes are not reported.\n\n"
            + "With `Accept: text/event-stream`, the changes are streamed as they happen. "
            + "The id of an event is a delta token, and `Last-Event-ID` or `$deltatoken` continues after it; "
            + "without one, the stream begins now. A stream takes neither `$top` nor `$skiptoken`."
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
        Headers = [RequestHeader.PreferPageSize, RequestHeader.LastEventId],
        Answers =
        [
            ResponseDescription.Ok(
                "A page of runs in their current state, or a stream of changes.",
                [(MediaTypes.Json, RunSchemas.RunChangeCollection), (MediaTypes.EventStream, RunSchemas.EventStream)],
                ResponseHeader.PreferenceApplied
            ),
        ],
    };

    public static readonly OperationDescription Update = new(
        "updateRun",
        "PATCH",
        Permissions.Write,
        "Update run",
        "Changes the properties that the body contains. To end a running run, send a final status and `endDateTime`. "
            + "Status, start time and end time cannot change afterwards; the other properties can."
    )
    {
        OtherErrors = [ErrorStatus.NotFound, ErrorStatus.Conflict],
        Headers = [RequestHeader.IfMatch, RequestHeader.PreferReturn],
        Body = new RequestBodyDescription(
            RunSchemas.RunChanges,
            new(
                "finish",
                "End a run",
                """
                {
                  "status": "completed",
                  "endDateTime": "2026-11-22T02:41:07Z",
                  "statistics": { "inboundTotals": { "people": 9120 } }
                }
                """
            ),
            new("rename", "Rename a run", """{ "displayName": "Nightly rostering, second try" }""")
        ),
        Answers =
        [
            ResponseDescription.Ok(
                "The changed run.",
                RunSchemas.Run,
                ResponseHeader.ETag,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.Position
            ),
            ResponseDescription.NoContent(
                "The run is changed; the request prefers a minimal response.",
                ResponseHeader.ETag,
                ResponseHeader.PreferenceApplied,
                ResponseHeader.Position
            ),
        ],
    };

    public static readonly OperationDescription Delete = new(
        "deleteRun",
        "DELETE",
        Permissions.Write,
        "Delete run",
        "Deletes a run with its activities."
    )
    {
        OtherErrors = [ErrorStatus.NotFound],
        Headers = [RequestHeader.IfMatch],
        Answers = [ResponseDescription.NoContent("The run is deleted.", ResponseHeader.Position)],
    };

    public static readonly OperationDescription Start = new(
        "startRun",
        "POST",
        Permissions.Start,
        "Start run",
        "Adds a running run that starts now; its name contains the time. The number of starts is limited per tenant."
    )
    {
        Headers = RequestHeader.Idempotency,
        Body = new RequestBodyDescription(RunSchemas.NoParameters, new RequestExample("empty", "An empty object", "{}"))
        {
            IsRequired = false,
        },
        Answers =
        [
            ResponseDescription.Accepted(
                "The run is stored. `Location` is its URL.",
                ResponseHeader.Location,
                ResponseHeader.RepeatabilityResult,
                ResponseHeader.Position
            ),
        ],
    };
}
