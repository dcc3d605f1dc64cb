using System.Net;

namespace IndustryData.WebApi.FunctionalTests.OData;

/// <summary>
/// Runs the OASIS test cases for the OData ABNF (odata-abnf-testcases, OData 4.01) with the properties of runs.
/// Supported queries are answered in each spelling. Queries that are unsupported or violate the grammar return 400.
/// </summary>
public sealed class GrammarTests(SharedRuns runs) : IClassFixture<SharedRuns>
{
    [Theory]
    [InlineData("$filter=true")]
    [InlineData("filter=true")]
    [InlineData("$filter=tRUe")]
    [InlineData("$filter=true and false")]
    [InlineData("$filter=true or false")]
    [InlineData("$filter=not false")]
    [InlineData("$filter=( true )")]
    [InlineData("$filter=(displayName eq 'Milk')")]
    [InlineData("$filter=displayName ne 'Milk'")]
    [InlineData("$filter=displayName EQ 'Milk' AND statistics/inboundTotals/people LT 2.55")]
    [InlineData("$filter=displayName Eq 'Milk' OR statistics/inboundTotals/people Lt 2.55")]
    [InlineData("$filter=not endswith(displayName,'ilk')")]
    [InlineData("$filter=Contains(ToLower(displayName),'lfreds') and NOT (status IN ('failed', NULL))")]
    [InlineData("$filter=displayName in ('Milk', 'Cheese')")]
    [InlineData("$filter=startswith(blockingError/code,'Futterkiste')")]
    [InlineData("$filter=$it/displayName eq 'a'")]
    [InlineData("$filter=displayName eq 'O''Neil'")]
    [InlineData("$filter=displayName eq %27O'%27Neil'")]
    [InlineData("$filter=displayName eq '%26%28'")]
    [InlineData("$filter=displayName eq 'ABCabc0123456789-._~!$%26('')*%2B,;=:@'")]
    [InlineData("$filter=startDateTime ge 2012-09-03T13:52Z")]
    [InlineData("$filter=startDateTime ge 2012-08-31T18:19:22.1Z")]
    [InlineData("$filter=startDateTime ge 2012-09-03T23%3A59%2B01%3A00")]
    [InlineData("$filter=statistics/inboundTotals/people eq %2B42")]
    [InlineData("$filter=statistics/inboundTotals/people eq %2B0.314e%2B1")]
    [InlineData("$filter=statistics/inboundTotals/people eq -1.234567e3")]
    [InlineData("$filter=statistics/inboundTotals/people eq 1e-101")]
    [InlineData("$filter=statistics/inboundTotals/people lt INF")]
    [InlineData("$filter=statistics/inboundTotals/people gt -INF")]
    [InlineData("$filter=statistics/inboundTotals/people eq NaN")]
    [InlineData("$orderby=startDateTime asc, displayName DESC")]
    [InlineData("$orderby=startDateTime%09desc")]
    [InlineData("$select=*")]
    [InlineData("select=displayName,status")]
    [InlineData("expand=activities")]
    [InlineData("$top=5&$skip=2&$count=TRUE")]
    [InlineData("$search=red AND \"green apple\"")]
    public async Task What_is_offered_is_answered(string query) =>
        (await StatusAsync(query)).ShouldBe(HttpStatusCode.OK);

    [Theory]
    [InlineData("$filter =true")]
    [InlineData("$filter=displayName eq 'O'Neil'")]
    [InlineData("$filter=displayName eq 'O%27Neil'")]
    [InlineData("$filter=startDateTime ge 2011-12-31T24:00Z")]
    [InlineData("$filter=startDateTime ge -10000-04-01T00:00Z")]
    [InlineData("$filter=startDateTime ge 0000-01-01T00:00Z")]
    [InlineData("$filter=startDateTime ge INF")]
    [InlineData("$filter=statistics/inboundTotals/people eq 42.")]
    [InlineData("$filter=statistics/inboundTotals/people eq .1")]
    [InlineData("$filter=statistics/inboundTotals/people eq -0.314e1e2")]
    [InlineData("$filter=displayName in [\"Milk\", \"Cheese\"]")]
    [InlineData("$filter=length(displayName) eq 19")]
    [InlineData("$filter=statistics/inboundTotals/people add 2.45 eq 5.00")]
    [InlineData("$filter=activities/any(a:true)")]
    [InlineData("$filter=any()")]
    [InlineData("$filter=$this eq 'Hugo'")]
    [InlineData("$filter=displayName/@Core.Messages eq 'EUR'")]
    [InlineData("$orderby=activities/$count")]
    [InlineData("$expand=activities($levels=04)")]
    [InlineData("$top=-1")]
    [InlineData("$count=1")]
    [InlineData("$compute=case(true:0) as a")]
    public async Task What_is_not_is_refused(string query) =>
        (await StatusAsync(query)).ShouldBe(HttpStatusCode.BadRequest);

    private async Task<HttpStatusCode> StatusAsync(string query)
    {
        using var response = await runs.Service.Client.GetAsync(
            $"process/runs?{query}",
            TestContext.Current.CancellationToken
        );
        return response.StatusCode;
    }
}
