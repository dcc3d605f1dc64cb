using System.Net;
using System.Text.Json;
using System.Xml;
using Microsoft.OData;
using Microsoft.OData.Edm;
using Microsoft.OData.Edm.Csdl;
using Microsoft.OData.Edm.Validation;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>Reads <c>$metadata</c> and, with that model, the payloads. Uses the OData library.</summary>
public sealed class MetadataTests(SharedRuns runs) : IClassFixture<SharedRuns>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("$metadata", null, "application/xml")]
    [InlineData("beta/$metadata", "application/xml", "application/xml")]
    [InlineData("$metadata", "*/*", "application/xml")]
    [InlineData("$metadata?$format=xml", "application/json", "application/xml")]
    [InlineData("$metadata", "application/json", "application/json")]
    [InlineData("$metadata?format=json", "application/xml", "application/json")]
    public async Task The_model_is_valid_in_xml_and_json_and_needs_no_token(
        string path,
        string? accept,
        string expected
    )
    {
        using var anonymous = runs.Service.Authorized(null);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.Add("Accept", accept);
        }

        using var response = await anonymous.SendAsync(request, Cancellation);
        var text = await response.Content.ReadAsStringAsync(Cancellation);

        response.Content.Headers.ContentType!.MediaType.ShouldBe(expected);
        var model = expected == "application/xml" ? Parse(text) : ParseJson(text);
        model.Validate(out var errors);
        errors.Where(e => !IsMistakeOfJsonReader(e, expected)).ShouldBeEmpty();
        var run = (IEdmEntityType)model.FindDeclaredType("microsoft.graph.industryData.industryDataRun");
        run.StructuralProperties()
            .Select(p => $"{p.Name} {p.Type.FullName()}")
            .ShouldContain("endDateTime Edm.DateTimeOffset");
        model.EntityContainer.FindSingleton("external").ShouldNotBeNull();
        model.EntityContainer.FindSingleton("process").ShouldNotBeNull();
        model.FindDeclaredOperations("microsoft.graph.industryData.getStatistics").Count().ShouldBe(2);
    }

    [Theory]
    [InlineData("$metadata?$format=yaml")]
    [InlineData("$metadata?$format=application/atom%2Bxml")]
    public async Task Another_format_is_not_acceptable(string path) =>
        (await runs.Service.Client.GetAsync(path, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.NotAcceptable);

    [Theory]
    [InlineData("process/runs?$top=1000&$select=*&$count=true")]
    [InlineData("process/runs?$top=100&$select=*&$expand=activities")]
    [InlineData("external/industryData/runs?$filter=blockingError ne null")]
    [InlineData("external/industryData/runs?$select=displayName,statistics")]
    public async Task A_list_reads_by_the_model(string path)
    {
        var names = new HashSet<string>();
        await ReadAsync(path, isList: true, names);

        names.ShouldContain("displayName");
    }

    [Theory]
    [InlineData("process/runs/{0}")]
    [InlineData("process/runs/{0}?$expand=activities")]
    [InlineData("external/industryData/runs/{0}?$select=status,statistics")]
    public async Task A_run_reads_by_the_model(string path)
    {
        var names = new HashSet<string>();
        await ReadAsync(string.Format(null, path, runs.All[0].Id), isList: false, names);

        names.ShouldContain("status");
    }

    [Theory]
    [InlineData("process/runs/{0}/getStatistics")]
    [InlineData("process/runs/getStatistics()")]
    public async Task Statistics_read_by_the_model(string path)
    {
        var names = new HashSet<string>();
        await ReadAsync(string.Format(null, path, runs.All[0].Id), isList: false, names);

        names.ShouldContain("runId");
    }

    private async Task ReadAsync(string path, bool isList, HashSet<string> names)
    {
        var model = Parse(await runs.Service.Client.GetStringAsync("$metadata", Cancellation));
        foreach (
            var format in (string[])
                [
                    "odata.metadata=minimal",
                    "odata.metadata=full",
                    "odata.metadata=minimal;IEEE754Compatible=true",
                    "odata.metadata=full;IEEE754Compatible=true",
                ]
        )
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path)
            {
                Headers = { { "Accept", $"application/json;{format}" } },
            };
            using var response = await runs.Service.Client.SendAsync(request, Cancellation);
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            using var message = new Message(response, await response.Content.ReadAsStreamAsync(Cancellation));
            using var reader = new ODataMessageReader(
                (IODataResponseMessage)message,
                new ODataMessageReaderSettings
                {
                    BaseUri = runs.Service.Root,
                    MessageQuotas = { MaxReceivedMessageSize = long.MaxValue },
                },
                model
            );
            var items = isList ? reader.CreateODataResourceSetReader() : reader.CreateODataResourceReader();
            while (items.Read())
            {
                if (items is { State: ODataReaderState.ResourceEnd, Item: ODataResource resource })
                {
                    names.UnionWith(resource.Properties.Select(p => p.Name));
                }
            }
        }
    }

    // In JSON a path is a string (CSDL JSON §14.4.1). The reader of the library takes it for a text, and the type of a
    // record for a nullable one. The XML has the same annotations, so a real mistake is found there.
    private static bool IsMistakeOfJsonReader(EdmError error, string mediaType) =>
        mediaType == "application/json"
        && error.ErrorCode
            is EdmErrorCode.PrimitiveConstantExpressionNotValidForNonPrimitiveType
                or EdmErrorCode.CannotAssertNullableTypeAsNonNullableType;

    private static IEdmModel Parse(string xml)
    {
        using var reader = XmlReader.Create(new StringReader(xml));
        return CsdlReader.Parse(reader);
    }

    private static IEdmModel ParseJson(string text)
    {
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(text));
        CsdlReader.TryParse(ref reader, out var model, out var errors).ShouldBeTrue(string.Join("; ", errors ?? []));
        return model;
    }

    private sealed class Message(HttpResponseMessage response, Stream body) : IODataResponseMessage, IDisposable
    {
        public IEnumerable<KeyValuePair<string, string>> Headers =>
            [
                KeyValuePair.Create("Content-Type", GetHeader("Content-Type")),
                KeyValuePair.Create("OData-Version", "4.0"),
            ];

        public int StatusCode { get; set; } = 200;

        public string GetHeader(string headerName) =>
            headerName switch
            {
                "Content-Type" => response.Content.Headers.ContentType!.ToString(),
                _ => response.Headers.TryGetValues(headerName, out var values) ? values.First() : null!,
            };

        public Stream GetStream() => body;

        public void SetHeader(string headerName, string headerValue) => throw new NotSupportedException();

        public void Dispose() => body.Dispose();
    }
}
