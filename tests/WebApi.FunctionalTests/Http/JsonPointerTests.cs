using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.FunctionalTests.Http;

public sealed class JsonPointerTests
{
    [Fact]
    public void Path_joins_names_and_positions()
    {
        JsonPointer.Append("", "statistics").ShouldBe("statistics");
        JsonPointer.Append("statistics/activityStatistics", "0").ShouldBe("statistics/activityStatistics/0");
        JsonPointer.Append("a", new string('n', 200)).ShouldBe("a/" + new string('n', 128) + "…");
        $"{JsonPointer.Root("statistics").Member("a/b").Item(3).Member("")}".ShouldBe("statistics/a~1b/3/\"\"");
    }
}
