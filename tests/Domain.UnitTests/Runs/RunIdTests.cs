using System.Globalization;
using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunIdTests
{
    private const string Text = "019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2b";

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", "1970-01-01")]
    [InlineData("2026-09-30T23:59:59.999Z", "2026-07-01")]
    [InlineData("2026-10-01T00:00:00Z", "2026-10-01")]
    [InlineData("2026-12-31T23:30:00-01:00", "2027-01-01")]
    [InlineData("9999-12-31T23:59:59Z", "9999-10-01")]
    public void Its_quarter_is_that_of_its_time_in_UTC(string made, string quarter) =>
        RunId
            .New(DateTimeOffset.Parse(made, CultureInfo.InvariantCulture))
            .PartitionQuarter.ShouldBe(DateOnly.Parse(quarter, CultureInfo.InvariantCulture));

    [Fact]
    public void The_quarter_of_an_id_beyond_all_years_is_the_last() =>
        RunId.FromGuid(Guid.AllBitsSet).PartitionQuarter.ShouldBe(new DateOnly(9999, 10, 1));

    [Theory]
    [InlineData(0)]
    [InlineData(1_795_312_345_678)]
    [InlineData(253_402_300_799_999)]
    public void A_new_one_is_a_UUIDv7_of_the_millisecond_it_is_made_in(long milliseconds)
    {
        var id = RunId.New(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).AddTicks(9999)).Value;

        id.Version.ShouldBe(7);
        (id.Variant >> 2).ShouldBe(0b10); // RFC 9562 §4.1
        Convert.ToInt64(id.ToString("N")[..12], 16).ShouldBe(milliseconds);
    }

    [Fact]
    public void The_offset_of_the_clock_does_not_matter()
    {
        var utc = new DateTimeOffset(2026, 11, 22, 2, 0, 0, TimeSpan.Zero);

        RunId.New(utc.ToOffset(TimeSpan.FromHours(14))).ToString()[..13].ShouldBe(RunId.New(utc).ToString()[..13]);
    }

    [Fact]
    public void Ids_of_the_same_moment_differ()
    {
        var now = DateTimeOffset.UnixEpoch;

        Enumerable.Range(0, 1000).Select(_ => RunId.New(now)).ShouldBeUnique();
    }

    [Fact]
    public void A_text_is_read_in_any_case_and_written_in_lower_case()
    {
        RunId.TryParse(Text).ShouldBe(RunId.FromGuid(new Guid(Text)));
        RunId.TryParse(Text.ToUpperInvariant()).ShouldBe(RunId.FromGuid(new Guid(Text)));
        RunId.FromGuid(new Guid(Text)).ToString().ShouldBe(Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("start")]
    [InlineData("019ab0c1d2e37f458a6b7c8d9e0f1a2b")]
    [InlineData("{019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2b}")]
    [InlineData("(019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2b)")]
    [InlineData("019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2")]
    [InlineData("019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2bc")]
    [InlineData("019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2g")]
    [InlineData(" 019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2b")]
    [InlineData("019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2b\t")]
    [InlineData("0x9ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2b")]
    [InlineData("+19ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2b")]
    [InlineData("019ab0c1-+2e3-0xf5-8a6b-7c8d9e0f1a2b")]
    public void No_other_text_is_an_id(string text) => RunId.TryParse(text).ShouldBeNull();
}
