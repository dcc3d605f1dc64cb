using System.Text.Json.Nodes;
using IndustryData.Application.Runs;
using IndustryData.WebApi.OData;
using Microsoft.OpenApi;

namespace IndustryData.WebApi.OpenApi;

/// <summary>
/// The descriptions of path parameters, query options and headers, shared by all operations. The reference page sends
/// all examples of an operation at once. Therefore the examples are consistent with each other and with the examples
/// of request bodies. Parameters whose value must be new for each request have no example.
/// </summary>
internal static class Parameters
{
    /// <summary>The id of the run in the examples.</summary>
    public const string RunId = "01a20979-bf10-7540-85f7-4aec14518420";

    /// <summary>The id of the activity in the examples.</summary>
    public const string ActivityId = "01a20979-bf13-7b2c-9d0e-3f6a5c1e8b77";

    public const string IfMatch = "IfMatch";
    public const string IfNoneMatch = "IfNoneMatch";
    public const string PreferReturn = "PreferReturn";
    public const string PreferPageSize = "PreferPageSize";
    public const string IdempotencyKey = "IdempotencyKey";
    public const string RepeatabilityRequestId = "RepeatabilityRequestId";
    public const string RepeatabilityFirstSent = "RepeatabilityFirstSent";

    public const string Location = "Location";
    public const string EntityId = "OData-EntityId";
    public const string ETag = "ETag";
    public const string PreferenceApplied = "Preference-Applied";
    public const string RepeatabilityResult = "Repeatability-Result";
    public const string RetryAfter = "Retry-After";
    public const string Authenticate = "WWW-Authenticate";

    /// <summary>The path parameters, by their name in route patterns.</summary>
    public static readonly IReadOnlyDictionary<string, OpenApiParameter> PathParameters = new Dictionary<
        string,
        OpenApiParameter
    >
    {
        ["id"] = Of(
            "id",
            ParameterLocation.Path,
            "The run's `id`. What is no id of a run of this tenant is answered with 404.",
            JsonSchemaType.String,
            RunId
        ),
        ["activityId"] = Of(
            "activityId",
            ParameterLocation.Path,
            "The activity's `id`.",
            JsonSchemaType.String,
            ActivityId
        ),
    };

    /// <summary>The query options, by name.</summary>
    public static readonly IReadOnlyDictionary<string, OpenApiParameter> Options = new Dictionary<
        string,
        OpenApiParameter
    >
    {
        [ODataQueryString.Filter] = Option(
            ODataQueryString.Filter,
            "Which runs: `eq ne gt ge lt le in`, `and or not`, `startswith endswith contains tolower`, "
                + "on every property but `activities` and `statistics`, "
                + "and on the numbers below `statistics/inboundTotals/`.",
            JsonSchemaType.String,
            "status ne 'failed' and startDateTime ge 2026-11-01T00:00:00Z"
        ),
        [ODataQueryString.OrderBy] = Option(
            ODataQueryString.OrderBy,
            "The order: names, times and status, each with `asc` or `desc`; "
                + "without it the newest `startDateTime` comes first.",
            JsonSchemaType.String,
            "status desc,endDateTime"
        ),
        [ODataQueryString.Select] = Option(
            ODataQueryString.Select,
            "The properties to show, by name; `*` is all. " + "Lists show `statistics` only when they are selected.",
            JsonSchemaType.String,
            "displayName,status,statistics"
        ),
        [ODataQueryString.Expand] = Option(
            ODataQueryString.Expand,
            "`activities` to have each run with what it carried out; "
                + $"then a page has at most {RunPage.MaxSizeWithActivities} runs.",
            JsonSchemaType.String,
            "activities"
        ),
        [ODataQueryString.Search] = Option(
            ODataQueryString.Search,
            "Words, or \"phrases\" in double quotes, that must all occur in `displayName`.",
            JsonSchemaType.String,
            "nightly rostering"
        ),
        [ODataQueryString.Top] = Option(
            ODataQueryString.Top,
            $"The size of a page, {RunPage.DefaultSize} without it; "
                + $"above {RunPage.MaxSize} it means {RunPage.MaxSize}. "
                + "`@odata.nextLink` leads to the next page while there is more.",
            JsonSchemaType.Integer,
            50
        ),
        [ODataQueryString.Skip] = Option(
            ODataQueryString.Skip,
            "How many runs to leave out at the beginning. " + "To read everything follow `@odata.nextLink` instead.",
            JsonSchemaType.Integer,
            0
        ),
        [ODataQueryString.Count] = Option(
            ODataQueryString.Count,
            "`true` to have the number of all runs that match, "
                + "or of all activities of the run, in `@odata.count`.",
            JsonSchemaType.Boolean,
            true
        ),
        [ODataQueryString.SkipToken] = Option(
            ODataQueryString.SkipToken,
            "Where the page begins. " + "It is part of `@odata.nextLink`; take it from there and nowhere else.",
            JsonSchemaType.String,
            null
        ),
        [ODataQueryString.DeltaToken] = Option(
            ODataQueryString.DeltaToken,
            "`latest` to have changes from now on alone. "
                + "Else it is part of `@odata.deltaLink`; take it from there and nowhere else.",
            JsonSchemaType.String,
            "latest"
        ),
        [ODataQueryString.Format] = Option(
            ODataQueryString.Format,
            "The format; wins over `Accept`. "
                + "`json`, or `application/json;odata.metadata=none`, `minimal` or `full`, "
                + "also with `IEEE754Compatible=true`; the model is there as `xml` too.",
            JsonSchemaType.String,
            "json"
        ),
    };

    /// <summary>The request headers.</summary>
    public static readonly IReadOnlyDictionary<string, OpenApiParameter> Headers = new Dictionary<
        string,
        OpenApiParameter
    >
    {
        [IfMatch] = Header(
            "If-Match",
            "The `ETag` that the run must still have, or 412. Without it the last writer wins.",
            "*"
        ),
        [IfNoneMatch] = Header(
            "If-None-Match",
            "The `ETag` that the caller has; the answer is 304 while the run still has it.",
            "W/\"999999\""
        ),
        [PreferReturn] = Header(
            "Prefer",
            "`return=representation` to have what was written, `return=minimal` to have nothing but headers.",
            "return=representation"
        ),
        [PreferPageSize] = Header("Prefer", "`odata.maxpagesize=N`: at most N runs a page.", "odata.maxpagesize=20"),
        [IdempotencyKey] = Header(
            "Idempotency-Key",
            "Names the request, so that it can be sent again safely: "
                + "within 24 hours it is answered like the first time. 1 to 255 printable ASCII characters.",
            null
        ),
        [RepeatabilityRequestId] = Header(
            "Repeatability-Request-ID",
            "A GUID, with the same meaning as `Idempotency-Key` (OASIS Repeatable Requests); "
                + "together with `Repeatability-First-Sent`.",
            null
        ),
        [RepeatabilityFirstSent] = Header(
            "Repeatability-First-Sent",
            "When the request was sent for the first time, as an HTTP date; after 24 hours the answer is 412.",
            null
        ),
    };

    /// <summary>The response headers, by name.</summary>
    public static readonly IReadOnlyDictionary<string, OpenApiHeader> ResponseHeaders = new Dictionary<
        string,
        OpenApiHeader
    >
    {
        [Location] = ResponseHeader("The absolute URL of what was created, or the URL at which to start again."),
        [EntityId] = ResponseHeader("The id URL of what was made (OData Protocol §8.3.4)."),
        [ETag] = ResponseHeader("The run's version, to be sent back in `If-Match` or `If-None-Match`."),
        [PreferenceApplied] = ResponseHeader("The preference that was met."),
        [RepeatabilityResult] = ResponseHeader(
            "`accepted` when the request had a key: it was carried out once, now or before."
        ),
        [RetryAfter] = ResponseHeader("After how many seconds another try is worth it."),
        [Authenticate] = ResponseHeader("What kind of token is asked for, and what is wrong with the one that came."),
    };

    private static OpenApiParameter Option(string name, string description, JsonSchemaType type, JsonNode? example)
    {
        var option = Of(name, ParameterLocation.Query, description, type, example);
        ((OpenApiSchema)option.Schema!).Minimum = type == JsonSchemaType.Integer ? "0" : null;
        return option;
    }

    private static OpenApiParameter Header(string name, string description, string? example) =>
        Of(name, ParameterLocation.Header, description, JsonSchemaType.String, example);

    private static OpenApiParameter Of(
        string name,
        ParameterLocation place,
        string description,
        JsonSchemaType type,
        JsonNode? example
    ) =>
        new()
        {
            Name = name,
            In = place,
            Required = place == ParameterLocation.Path,
            Description = description,
            Schema = new OpenApiSchema { Type = type },
            Example = example,
        };

    private static OpenApiHeader ResponseHeader(string description) =>
        new()
        {
            Description = description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };
}
