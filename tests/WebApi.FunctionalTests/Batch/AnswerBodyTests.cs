using IndustryData.WebApi.Batch;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.FunctionalTests.Batch;

public sealed class AnswerBodyTests
{
    [Fact]
    public void Answer_over_its_limit_takes_no_room_from_the_others()
    {
        var room = new AnswerRoom();
        using var bytes = new ResponseBuffer(admission: null, isRequired: false);
        using var body = new AnswerBody(100, room, bytes);

        body.Write(new byte[90]);
        body.Write(new byte[90]);
        body.Write(new byte[5]);

        body.IsOverLimit.ShouldBeTrue();
        body.Length.ShouldBe(0);
        room.Take(AnswerRoom.Most).ShouldBeTrue();
    }

    [Fact]
    public void Answer_that_is_replaced_gives_its_room_back_once()
    {
        var room = new AnswerRoom();
        using var bytes = new ResponseBuffer(admission: null, isRequired: false);
        using var body = new AnswerBody(100, room, bytes);

        body.Write(new byte[90]);
        body.SetLength(0);
        body.Write(new byte[20]);
        body.SetLength(0);

        room.Take(AnswerRoom.Most).ShouldBeTrue();
        room.Take(1).ShouldBeFalse();
    }
}
