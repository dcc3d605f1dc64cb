namespace IndustryData.Domain.UnitTests;

public sealed class ValidationErrorsTests
{
    [Fact]
    public void Faults_come_in_the_order_found()
    {
        var faults = new ValidationErrors();
        faults.Add("b", "wrong", "…");
        faults.Add("a", "wrong", "…");
        faults.Add(new Error(ErrorKind.Validation, "required", "…", "c"));

        faults.Shown().ShouldBe(["wrong b", "wrong a", "required c"]);
        faults.Count.ShouldBe(3);
        faults[1].ShouldBe(new Error(ErrorKind.Validation, "wrong", "…", "a"));
    }

    [Fact]
    public void The_same_fault_of_the_same_member_counts_once()
    {
        var faults = new ValidationErrors();
        faults.Add("a", "wrong", "the first");
        faults.Add("a", "wrong", "again");
        faults.Add("a", "unstorable", "another fault of it");

        faults.Select(f => f.Message).ShouldBe(["the first", "another fault of it"]);
    }

    [Theory]
    [InlineData("statistics", true)]
    [InlineData("statistics/inboundTotals", true)]
    [InlineData("status", false)]
    [InlineData("statistic", false)]
    [InlineData("statisticsOfMine", false)]
    public void A_rule_adds_nothing_to_a_member_that_has_a_fault_on_or_inside_it(string faulty, bool isTheSame)
    {
        var faults = new ValidationErrors();
        faults.Add(faulty, "wrong", "…");
        faults.HasErrorAtOrBelow("statistics").ShouldBe(isTheSame);

        faults.Add(new Error(ErrorKind.Validation, "required", "…", "statistics"));

        faults.Shown().ShouldBe(isTheSame ? [$"wrong {faulty}"] : [$"wrong {faulty}", "required statistics"]);
    }

    [Fact]
    public void A_rule_about_the_whole_is_added_whatever_else_is_wrong()
    {
        var faults = new ValidationErrors();
        faults.Add("a", "wrong", "…");
        faults.HasErrorAtOrBelow(null).ShouldBeFalse();
        faults.Add(new Error(ErrorKind.Validation, "whole", "…"));

        faults.Count.ShouldBe(2);
    }

    [Fact]
    public void A_rule_that_holds_adds_nothing()
    {
        var faults = new ValidationErrors();
        faults.Add(null);

        faults.ShouldBeEmpty();
    }

    [Fact]
    public void A_list_of_faults_ends_at_a_thousand()
    {
        var faults = new ValidationErrors();
        for (var i = 0; i < ValidationErrors.MaxCount - 1; i++)
        {
            faults.Add($"{i}", "wrong", "…");
        }

        faults.IsFull.ShouldBeFalse();
        faults.Add("last", "wrong", "…");
        faults.IsFull.ShouldBeTrue();
        faults.Add("further", "wrong", "…");
        faults.Add(new Error(ErrorKind.Validation, "wrong", "…", "rule"));

        faults.Count.ShouldBe(1000);
        faults[^1].Target.ShouldBe("last");
    }

    [Fact]
    public void Faults_taken_over_leave_the_list_they_came_from_as_it_was()
    {
        var form = new ValidationErrors();
        form.Add("a", "wrong", "…");
        var all = new ValidationErrors(form);
        all.Add("b", "wrong", "…");

        form.Shown().ShouldBe(["wrong a"]);
        all.Shown().ShouldBe(["wrong a", "wrong b"]);
    }

    [Fact]
    public void A_text_is_shown_up_to_128_characters()
    {
        ValidationErrors.Abbreviate("").ShouldBe("");
        ValidationErrors.Abbreviate(new string('n', 128)).ShouldBe(new string('n', 128));
        ValidationErrors.Abbreviate(new string('n', 129)).ShouldBe(new string('n', 128) + "…");
    }

    [Fact]
    public void The_error_of_one_fault_is_about_its_member()
    {
        var fault = new Error(ErrorKind.Validation, "required", "Send it.", "status");
        var error = Error.Aggregate([fault]);

        (error.Kind, error.Code, error.Message, error.Target).ShouldBe(
            (ErrorKind.Validation, "required", "Send it.", "status")
        );
        error.Details.ShouldBe([fault]);
    }

    [Fact]
    public void The_error_of_several_faults_is_about_the_whole_and_says_how_many()
    {
        Error[] faults =
        [
            new(ErrorKind.Validation, "required", "Send it.", "status"),
            new(ErrorKind.Validation, "blank", "Fill it.", "displayName"),
        ];
        var error = Error.Aggregate(faults);

        (error.Kind, error.Code, error.Target).ShouldBe((ErrorKind.Validation, "required", null));
        error.Message.ShouldStartWith("2 things are wrong");
        error.Message.ShouldEndWith("Send it.");
        error.Details.ShouldBe(faults);
    }

    [Fact]
    public void A_result_is_its_value_or_its_error()
    {
        Result<string> done = "value";
        done.TryGetValue(out var value, out var error).ShouldBeTrue();
        (value, error, done.Value, done.Error).ShouldBe(("value", null, "value", null));

        var refusal = new Error(ErrorKind.NotFound, "runNotFound", "There is none.");
        Result<string> refused = refusal;
        refused.TryGetValue(out value, out error).ShouldBeFalse();
        (value, error, refused.Error).ShouldBe((null, refusal, refusal));
        Should.Throw<InvalidOperationException>(() => refused.Value).Message.ShouldContain("There is none.");
    }
}
