using System.Text;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>Verifies that the fuzz test detects faulty responses.</summary>
public sealed class FuzzAnswerTests
{
    private const string Right =
        """{"error":{"code":"badRequest","message":"Send less.","innerError":"""
        + """{"code":"tooMuch","date":"2026-11-24T00:00:00","request-id":"1","client-request-id":"1"}}}""";

    public static TheoryData<int, string, string?> Answers() =>
        new()
        {
            { 400, Right, null },
            { 501, Right, null },
            { 500, Right, "the status is 500" },
            { 503, Right, "the status is 503" },
            { 400, "", "the error response is empty" },
            { 400, "no", "the body is not JSON" },
            { 400, """{"message":"no"}""", "not in Graph's format" },
            { 400, Right.Replace("\"1\"", "\"2\"", StringComparison.Ordinal), "lacks a required value" },
            {
                400,
                Right.Replace("Send less.", "Npgsql.PostgresException: 42601", StringComparison.Ordinal),
                "contains 'Npgsql'"
            },
            {
                400,
                Right.Replace("Send less.", "in /src/WebApi/Program.cs", StringComparison.Ordinal),
                "contains '/src/'"
            },
            { 204, "{}", "there is a body" },
            { 200, """{"responses":[{"id":"1","status":500,"headers":{},"body":null}]}""", "in the batch is 500" },
        };

    [Theory]
    [MemberData(nameof(Answers))]
    public void What_is_wrong_with_an_answer_is_seen(int status, string body, string? fault)
    {
        var wire = Encoding.UTF8.GetBytes(
            $"HTTP/1.1 {status} X\r\nrequest-id: 1\r\nContent-Type: application/json\r\n"
                + $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"
        );
        var found = FuzzAnswer.ReadAll(wire).Single().FaultOf(new FuzzRequest("GET", "/process/runs"));

        (found ?? "nothing").ShouldContain(fault ?? "nothing");
    }

    [Theory]
    [InlineData("DELETE", null, true)]
    [InlineData("POST", """{"requests":[{"id":"0","method":"DELETE","url":"/process/runs/x"}]}""", true)]
    [InlineData("POST", "{}", false)]
    public void A_deletion_is_seen_in_whatever_chunks_it_is_sent(string method, string? body, bool deletes)
    {
        var request = new FuzzRequest(method, "/")
        {
            Body = body is null ? null : FuzzRequest.Latin(body),
            ChunkSize = 1,
        };

        request.Deletes.ShouldBe(deletes);
    }

    [Fact]
    public void An_answer_that_is_right_by_itself_may_be_the_wrong_one()
    {
        var answer = FuzzAnswer
            .ReadAll(
                FuzzRequest.Latin(
                    "HTTP/1.1 200 OK\r\nrequest-id: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
                )
            )
            .Single();

        answer.Text.ShouldBe("ok");
        answer.FaultOf(new FuzzRequest("GET", "/")).ShouldBeNull();
        answer.FaultOf(new FuzzRequest("GET", "/") { Statuses = [404] }).ShouldBe("the status is 200, not 404");
    }

    [Fact]
    public void That_the_body_may_come_is_no_answer()
    {
        FuzzAnswer.ReadAll(FuzzRequest.Latin("HTTP/1.1 100 Continue\r\n\r\n")).ShouldBeEmpty();
        FuzzAnswer
            .ReadAll(FuzzRequest.Latin("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"))
            .Single()
            .Status.ShouldBe(204);
    }

    [Fact]
    public void An_answer_that_is_not_whole_is_none() =>
        FuzzAnswer.ReadAll(FuzzRequest.Latin("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok")).ShouldBeEmpty();
}
