using System.Buffers;
using IndustryData.WebApi.Batch;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.FunctionalTests.Batch;

public sealed class AnswerBodyTests
{
    [Fact]
    public void Answer_over_its_limit_takes_no_room_from_the_others()
    {
        var room = new ResponseMemoryBudget();
        using var bytes = new PooledBufferWriter(admission: null, isRequired: false);
        using var body = new BufferedResponseBody(100, room, bytes);

        body.Write(new byte[90]);
        body.Write(new byte[90]);
        body.Write(new byte[5]);

        body.IsOverLimit.ShouldBeTrue();
        body.Length.ShouldBe(0);
        room.TryReserve(ResponseMemoryBudget.MaxBytes).ShouldBeTrue();
    }

    [Theory]
    [InlineData(2_000)]
    [InlineData(4_096)]
    [InlineData(50_000)]
    public void Buffer_with_a_short_first_segment_gives_as_much_as_is_asked_for(int size)
    {
        using var bytes = new PooledBufferWriter(admission: null, isRequired: false, firstSize: 1024);

        bytes.GetMemory(size).Length.ShouldBeGreaterThanOrEqualTo(size);
        bytes.GetMemory(1).Span[0] = 7;
        bytes.Advance(1);

        bytes.Written.ToArray().ShouldBe([7]);
    }

    [Fact]
    public void Answer_that_is_replaced_gives_its_room_back_once()
    {
        var room = new ResponseMemoryBudget();
        using var bytes = new PooledBufferWriter(admission: null, isRequired: false);
        using var body = new BufferedResponseBody(100, room, bytes);

        body.Write(new byte[90]);
        body.SetLength(0);
        body.Write(new byte[20]);
        body.SetLength(0);

        room.TryReserve(ResponseMemoryBudget.MaxBytes).ShouldBeTrue();
        room.TryReserve(1).ShouldBeFalse();
    }
}
