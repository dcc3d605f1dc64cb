using IndustryData.Application.Runs;
using IndustryData.Application.Runs.Live;

namespace IndustryData.Application.UnitTests.Runs.Live;

public sealed class RunChangeRingTests
{
    private static readonly DeltaCursor _place = new(Guid.Empty, UseCases.Now, From: 1, LowWatermark: 1, Scan: null);

    private readonly RunChangeRing.Memory _memory = new();

    [Fact]
    public void Event_wakes_the_reader_that_waits_for_it()
    {
        var ring = new RunChangeRing(_memory);
        ring.TryRead(0, out var none, out var appended).ShouldBeTrue();
        none.ShouldBeNull();
        appended.IsCompleted.ShouldBeFalse();

        ring.Append(Event(1));

        appended.IsCompleted.ShouldBeTrue();
        ring.TryRead(0, out var found, out _).ShouldBeTrue();
        found.ShouldNotBeNull();
        ring.End.ShouldBe(1);
    }

    [Fact]
    public void Oldest_event_is_dropped_when_there_are_too_many()
    {
        var ring = new RunChangeRing(_memory);
        for (var i = 0; i <= RunChangeRing.MaxEvents; i++)
        {
            ring.Append(Event(1));
        }

        ring.TryRead(0, out _, out _).ShouldBeFalse();
        ring.TryRead(1, out var oldest, out _).ShouldBeTrue();
        oldest.ShouldNotBeNull();
    }

    [Fact]
    public void Oldest_events_are_dropped_when_they_have_too_many_bytes()
    {
        var ring = new RunChangeRing(_memory);
        for (var i = 0; i < 100; i++)
        {
            ring.Append(Event(256 * 1024));
        }

        ring.TryRead(91, out _, out _).ShouldBeFalse();
        ring.TryRead(92, out _, out _).ShouldBeTrue();
    }

    [Fact]
    public void Ring_keeps_only_its_last_event_while_all_rings_are_full()
    {
        _memory.Add(64 * 1024 * 1024);
        var ring = new RunChangeRing(_memory);
        ring.Append(Event(1));
        ring.Append(Event(1));

        ring.TryRead(0, out _, out _).ShouldBeFalse();
        ring.TryRead(1, out var last, out _).ShouldBeTrue();
        last.ShouldNotBeNull();
    }

    [Fact]
    public void Reader_that_joins_after_the_end_of_the_feed_begins_with_gone()
    {
        var ring = new RunChangeRing(_memory);
        ring.Append(Event(1));
        ring.End.ShouldBe(1);
        ring.Append(RunChangeEvent.Gone);

        ring.TryRead(ring.End, out var found, out _).ShouldBeTrue();
        found.ShouldBe(RunChangeEvent.Gone);
    }

    [Fact]
    public void Cleared_ring_holds_no_memory()
    {
        _memory.Add((64 * 1024 * 1024) - 1);
        var ring = new RunChangeRing(_memory);
        ring.Append(Event(100));
        _memory.IsFull.ShouldBeTrue();

        ring.Clear();

        _memory.IsFull.ShouldBeFalse();
    }

    private static RunChangeEvent Event(int bytes) => new(RunChangeEventKind.Changes, _place, new byte[bytes]);
}
