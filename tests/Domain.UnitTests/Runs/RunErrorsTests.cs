using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunErrorsTests
{
    [Fact]
    public void A_run_that_is_not_there_is_named_by_what_was_asked_for_cut_short()
    {
        var error = RunErrors.NotFound("x" + new string('y', 1000));

        (error.Kind, error.Code, error.Target).ShouldBe((ErrorKind.NotFound, "runNotFound", null));
        error.Message.ShouldContain($"'x{new string('y', 127)}…'");
    }
}
