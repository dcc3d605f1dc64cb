using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.FunctionalTests.Http;

public sealed class GraphErrorsTests
{
    private static readonly Dictionary<ErrorKind, int> _statuses = new()
    {
        [ErrorKind.Validation] = 400,
        [ErrorKind.NotFound] = 404,
        [ErrorKind.Conflict] = 409,
        [ErrorKind.Expired] = 410,
        [ErrorKind.VersionMismatch] = 412,
        [ErrorKind.IdempotencyKeyReused] = 422,
        [ErrorKind.RateLimited] = 429,
    };

    public static TheoryData<ErrorKind> Kinds() => [.. Enum.GetValues<ErrorKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Kind_of_error_has_its_own_status(ErrorKind kind) =>
        GraphErrors.StatusOf(kind).ShouldBe(_statuses[kind]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Message_of_every_kind_begins_with_the_message_of_the_error(ErrorKind kind) =>
        GraphErrors.MessageOf(new Error(kind, "code", "What is wrong.")).ShouldStartWith("What is wrong.");

    [Fact]
    public void Version_mismatch_names_the_current_etag() =>
        GraphErrors.MessageOf(RunErrors.VersionMismatch(17)).ShouldContain("W/\"17\"");

    [Fact]
    public void Expired_delta_names_the_header_with_the_url_to_continue_at() =>
        GraphErrors.MessageOf(RunErrors.ResyncRequired()).ShouldEndWith("Location.");

    [Fact]
    public void Start_limit_names_the_header_with_the_time_to_wait() =>
        GraphErrors
            .MessageOf(new StartRateLimit(0, TimeSpan.FromHours(12)).Check([], DateTimeOffset.UnixEpoch)!)
            .ShouldContain("Retry-After");
}
