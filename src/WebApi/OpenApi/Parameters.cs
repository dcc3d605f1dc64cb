using System.Text.Json.Nodes;
using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Runs;
using Microsoft.OpenApi;

namespace IndustryData.WebApi.OpenApi;

/// <summary>
/// The descriptions of path parameters, query options and headers, shared by all operations. The reference page sends
/// all examples of an operation at once. Therefore the examples are consistent with each other and with the examples
/// of request bodies. Parameters whose value must be new for each request have no example.
/// </summary>
internal static class Parameters
{
    /// <summary>The path parameters, by their name in route patterns.</summary>
    public static readonly IReadOnlyDictionary<string, OpenApiParameter> PathParameters = new Dictionary<
        string,
        OpenApiParameter
    >
    {
        ["id"] = Of(
            "id",
            ParameterLocation.Path,
            "The `id` of the run. An id that is not one of a run of the tenant results in 404.",
            JsonSchemaType.String,
            RunOperations.ExampleId
        ),
        ["activityId"] = Of(
            "activityId",
            ParameterLocation.Path,
            "The `id` of the activity.",
            JsonSchemaType.String,
            ActivityOperations.ExampleId
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
            "The condition that runs must match, with `eq ne gt ge lt le in`, `and or not` "
                + "and `startswith endswith contains tolower`, "
                + "on every property but `activities` and `statistics`, "
                + "and on the numbers below `statistics/inboundTotals/`.",
            JsonSchemaType.String,
            "status ne 'failed' and startDateTime ge 2026-11-01T00:00:00Z"
        ),
        [ODataQueryString.OrderBy] = Option(
            ODataQueryString.OrderBy,
            "A comma-separated list of properties, each optionally followed by `asc` or `desc`. "
                + "By default, the latest `startDateTime` comes first.",
            JsonSchemaType.String,
            "status desc,endDateTime"
        ),
        [ODataQueryString.Select] = Option(
            ODataQueryString.Select,
            "The names of the properties to return; `*` means all. "
                + "Lists return `statistics` only if they are selected.",
            JsonSchemaType.String,
            "displayName,status,statistics"
        ),
        [ODataQueryString.Expand] = Option(
            ODataQueryString.Expand,
            "`activities` includes the activities of each run; "
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
            "The number of runs to skip. To read all runs, follow `@odata.nextLink` instead.",
            JsonSchemaType.Integer,
            0
        ),
        [ODataQueryString.Count] = Option(
            ODataQueryString.Count,
            "`true` includes the number of all runs that match, "
                + "or of all activities of the run, in `@odata.count`.",
            JsonSchemaType.Boolean,
            true
        ),
        [ODataQueryString.SkipToken] = Option(
            ODataQueryString.SkipToken,
            "The position at which the page starts. It is part of `@odata.nextLink`; do not create it yourself.",
            JsonSchemaType.String,
            null
        ),
        [ODataQueryString.DeltaToken] = Option(
            ODataQueryString.DeltaToken,
            "The delta token. `latest` skips the existing runs. "
                + "Other values come from `@odata.deltaLink`; do not create them.",
            JsonSchemaType.String,
            "latest"
        ),
        [ODataQueryString.Format] = Option(
            ODataQueryString.Format,
            "The format of the response. It overrides `Accept`. "
                + "`json`, or `application/json;odata.metadata=none`, `minimal` or `full`, "
                + "also with `IEEE754Compatible=true`; `$metadata` also supports `xml`.",
            JsonSchemaType.String,
            "json"
        ),
    };

    /// <summary>The request headers, by key.</summary>
    public static readonly IReadOnlyDictionary<string, OpenApiParameter> Headers = RequestHeader.All.ToDictionary(
        h => h.Key,
        h => Of(h.Name, ParameterLocation.Header, h.Description, JsonSchemaType.String, h.Example)
    );

    /// <summary>Describes a header of responses.</summary>
    public static OpenApiHeader Of(ResponseHeader header) =>
        new()
        {
            Description = header.Description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        };

    private static OpenApiParameter Option(string name, string description, JsonSchemaType type, JsonNode? example)
    {
        var option = Of(name, ParameterLocation.Query, description, type, example);
        ((OpenApiSchema)option.Schema!).Minimum = type == JsonSchemaType.Integer ? "0" : null;
        return option;
    }

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
}
