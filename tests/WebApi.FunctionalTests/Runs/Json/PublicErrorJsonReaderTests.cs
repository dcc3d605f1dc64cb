using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.FunctionalTests.Runs.Json;

public sealed class PublicErrorJsonReaderTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData(
        """{"code":"x","message":"m","target":"t","details":[{"code":"a","message":"b","target":"c"},{}]"""
            + ""","innerError":{"code":"i"}}"""
    )]
    [InlineData("""{"code":null,"message":null,"target":null,"details":[{"code":null}],"innerError":null}""")]
    [InlineData(
        """{"innerError":{"message":"m","details":[{"code":"d"}],"attempts":1.50,"deep":{"a":[1e400,null,true]}}}"""
    )]
    public void What_Graph_declares_is_kept(string json)
    {
        var faults = new ValidationErrors();

        Reading.Error(json, faults).ShouldNotBeNull().Json.ShouldBe(json);
        faults.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1000, "")]
    [InlineData(1001, "tooManyItems blockingError/details")]
    public void Details_are_a_thousand_at_most(int count, string fault)
    {
        var faults = new ValidationErrors();
        Reading.Error($$"""{"details":[{{string.Join(',', Enumerable.Repeat("{}", count))}}]}""", faults);

        string.Join(", ", faults.Select(f => $"{f.Code} {f.Target}")).ShouldBe(fault);
    }

    [Fact]
    public void Annotations_are_dropped()
    {
        var faults = new ValidationErrors();
        var error = Reading.Error(
            """
            {"@odata.type":"#microsoft.graph.publicError","code@x.y":1,"code":"x",
             "details":[{"@odata.type":"microsoft.graph.publicErrorDetail"}],
             "innerError":{"@odata.type":"#microsoft.graph.publicInnerError","a":1}}
            """,
            faults
        );

        faults.ShouldBeEmpty();
        error!.Json.ShouldBe("""{"code":"x","details":[{}],"innerError":{"a":1}}""");
    }

    [Theory]
    [InlineData("[]", "notAnObject blockingError")]
    [InlineData("\"text\"", "notAnObject blockingError")]
    [InlineData("""{"code":1}""", "notAString blockingError/code")]
    [InlineData("""{"message":{}}""", "notAString blockingError/message")]
    [InlineData("""{"target":[]}""", "notAString blockingError/target")]
    [InlineData("""{"details":null}""", "notAnArray blockingError/details")]
    [InlineData("""{"details":{}}""", "notAnArray blockingError/details")]
    [InlineData("""{"details":[{},null]}""", "notAnObject blockingError/details/1")]
    [InlineData("""{"details":[{"code":true}]}""", "notAString blockingError/details/0/code")]
    [InlineData("""{"details":[{"details":[]}]}""", "unknownProperty blockingError/details/0/details")]
    [InlineData("""{"innerError":"x"}""", "notAnObject blockingError/innerError")]
    [InlineData("""{"innerError":{"code":1}}""", "notAString blockingError/innerError/code")]
    [InlineData("""{"innerError":{"details":[1]}}""", "notAnObject blockingError/innerError/details/0")]
    [InlineData("""{"Code":"x"}""", "unknownProperty blockingError/Code")]
    [InlineData("""{"@odata.type":"#microsoft.graph.publicInnerError"}""", "unknownType blockingError/@odata.type")]
    [InlineData("""{"@odata.type":1}""", "unknownType blockingError/@odata.type")]
    public void Anything_else_has_a_fault_with_its_path(string json, string fault)
    {
        var faults = new ValidationErrors();

        Reading.Error(json, faults).ShouldBeNull();
        faults.Shown().ShouldBe([fault]);
    }

    [Fact]
    public void Every_fault_is_found()
    {
        var faults = new ValidationErrors();
        Reading
            .Error("""{"code":1,"details":[{"message":2},3],"innerError":{"target":4},"more":5}""", faults)
            .ShouldBeNull();

        faults
            .Shown()
            .ShouldBe([
                "notAString blockingError/code",
                "notAString blockingError/details/0/message",
                "notAnObject blockingError/details/1",
                "notAString blockingError/innerError/target",
                "unknownProperty blockingError/more",
            ]);
    }
}
