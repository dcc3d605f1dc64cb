using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Contract;

/// <summary>Verifies that the documents from which clients are generated change only on purpose.</summary>
public sealed class ContractTests(TestDatabase database) : FunctionalTest(database)
{
    [Theory]
    [InlineData("openapi/v1.json", "openapi.snapshot.json")]
    [InlineData("$metadata?$format=json", "metadata.snapshot.json")]
    public async Task The_json_is_as_kept(string path, string snapshot) =>
        Snapshot.Check(snapshot, Snapshot.Normal(await GetAsync(path)));

    [Fact]
    public async Task The_xml_is_as_kept() =>
        Snapshot.Check("metadata.snapshot.xml", (await GetAsync("$metadata")).ReplaceLineEndings("\n"));

    [Fact]
    public void A_difference_shows_what_went_and_what_came() =>
        Snapshot
            .Difference("a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\nf\n")
            .ShouldBe("@@ line 2\n- b\n+ B\n@@ line 6, after e\n+ f");

    [Theory]
    [InlineData("1", null, true)]
    [InlineData("1", "", true)]
    [InlineData("1", "true", false)]
    [InlineData("1", "1", false)]
    [InlineData(null, null, false)]
    [InlineData("0", null, false)]
    public void A_change_is_kept_on_purpose_only_and_never_by_continuous_integration(
        string? accept,
        string? continuousIntegration,
        bool isAccepted
    ) => Snapshot.IsAccepted(accept, continuousIntegration).ShouldBe(isAccepted);

    private async Task<string> GetAsync(string path) =>
        (await Client.GetStringAsync(path, Cancellation)).Replace(
            Service.Root.ToString().TrimEnd('/'),
            "http://localhost:5080",
            StringComparison.Ordinal
        );
}
