using IndustryData.Dashboard.Timeline;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace IndustryData.Dashboard.UnitTests;

public sealed class TimelineFoldsTests
{
    [Fact]
    public void Toggle_folds_one_family_and_a_second_one_shows_it_again()
    {
        var folds = TimelineFolds.None.Toggle("Sync");

        folds.IsFolded("Sync").ShouldBeTrue();
        folds.IsFolded("Export").ShouldBeFalse();
        folds.Toggle("Sync").IsFolded("Sync").ShouldBeFalse();
    }

    [Fact]
    public void Toggle_shows_one_family_if_all_are_folded()
    {
        var folds = new TimelineFolds(true, []).Toggle("Sync");

        folds.IsFolded("Sync").ShouldBeFalse();
        folds.IsFolded("Export").ShouldBeTrue();
    }

    [Fact]
    public void Url_has_the_choice_and_is_bounded()
    {
        var folds = new TimelineFolds(true, []);
        for (var i = 0; i < 1_000; i++)
        {
            folds = folds.Toggle($"Family {i}");
        }

        folds.ToQueryString().Length.ShouldBeLessThan(1_000);
        folds.IsFolded("Family 999").ShouldBeFalse();
        folds.IsFolded("Family 0").ShouldBeTrue();
        var read = Read(folds.ToQueryString()[1..]);
        read.All.ShouldBeTrue();
        read.Named.ShouldBe(folds.Named);
        TimelineFolds.None.ToQueryString().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("fold=")]
    [InlineData("fold=x,ALL,1A2B3C4D,1a2b3c4d5,%00")]
    [InlineData("other=all")]
    public void Value_that_names_no_family_is_left_out(string query)
    {
        var folds = Read(query);

        folds.All.ShouldBeFalse();
        folds.Named.ShouldBeEmpty();
    }

    private static TimelineFolds Read(string query)
    {
        var parts = query.Split('=');
        return TimelineFolds.Read(new QueryCollection(new Dictionary<string, StringValues> { [parts[0]] = parts[1] }));
    }
}
