using System.Text;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>Makes something else out of what is right.</summary>
internal sealed class Mutations(Random random)
{
    private static readonly string[] _inUrls =
    [
        "'", "''", "(", ")", "()", "((((((((((", "))))))", "%", "%2", "%zz", "%00", "%0A", "%C0%AF", "%FF", "%ED%A0%80", "%F0%9F%99%82", "%EF%BF%BF", "%E2%80%AE", "%C4%B0", "%26", "%3D", "%27", "%2527", "+", "&", "=", "?", "#", "/", "//", "/..", "/.", "\\", ";", ",", ":", "@", "*", "|", "\"", "<",
        " eq ", "%20and%20", "%20or%20", "not%20", "%20in%20", "%20in%20()", "%20in%20(null)", "%20in%20('a',)", "%20has%20", "%20add%201", "%20div%200", "%20mod%200", "%20mul%202", "-", "%20eq%20null", "%20gt%20null", "null", "true", "false%20eq%20true", "tRUe", "NULL", "EQ",
        "NaN", "INF", "-INF", "1e400", "1e-400", "0x10", "1.", ".5", "99999999999999999999999999999999999999", "9223372036854775808", "-9223372036854775809", "79228162514264337593543950336", "1m", "1d", "1L", "1f",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999999Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00", "0000-01-01T00:00Z", "-10000-04-01T00:00Z", "1972-06-30T23:59:60Z", "2026-01-01", "2026-02-30T00:00:00Z", "10:00:00", "infinity", "'infinity'",
        "duration'P1D'", "duration'P99999999999D'", "binary'AA=='", "geography'POINT(1 1)'", "geometry'SRID=0;Point(1%201)'", "01234567-89ab-cdef-0123-456789abcdef", "Edm.String", "Model.Colour'Red'", "'failed,running'", "'7'", "'-1'", "microsoft.graph.industryData.industryDataRunStatus'nope'", "microsoft.graph.industryData.industryDataRun/status", "microsoft.graph.industryData.runStatistics",
        "date(startDateTime)", "year(startDateTime)", "now()", "mindatetime()", "cast(status,Edm.String)", "cast(", "isof(", "length(displayName)", "indexof(displayName,'a')", "substring(displayName,1)", "concat(", "trim(displayName)", "toupper(displayName)", "matchesPattern(displayName,'(a+)%2B$')", "tolower(", "contains(", "case(true:1)",
        "any(x:x%20eq%201)", "all(", "activities/any(a:a/status%20eq%20'completed')", "activities/$count", "activities", "statistics", "statistics/runId", "statistics/a/b/c", "statistics/inboundTotals", "blockingError", "blockingError/a", "$it", "$this", "$root/process", "$count", "@p", "&@p=1", "{\"a\":1}", "[1,2]", "[", "{",
        "&$filter=", "&$select=", "&$expand=", "&$expand=activities", "&$expand=activities($filter=status%20eq%20'failed';$top=1)", "&$expand=activities/$ref", "&$expand=*($levels=max)", "&$format=application/json;odata.metadata=full", "&$format=application/json;odata.metadata=nope", "&$format=,;", "&$apply=aggregate($count%20as%20n)", "&$compute=1%20as%20a", "&$skiptoken=", "&$skiptoken=AAAA", "&$deltatoken=", "&$deltatoken=latest", "&$search=", "&$search=NOT%20a", "&$format=json", "&$format=xml", "&$top=-1", "&$top=1e3", "&$skip=", "&$count=", "&$levels=max", "&$index=1", "&$schemaversion=*", "&$id=x", "&top=1", "&a=b", "&=", "&$",
        "/$ref", "/$value", "/$count", "/$batch", "/$query", "/$all", "/$crossjoin(a,b)", "/$entity", "/start", "/delta", "/delta(a=1)", "/getStatistics(a=1)", "/getStatistics()/$count", "/activities", "/activities/x", "/displayName", "/statistics", "/microsoft.graph.industryData.start()", "('a','b')", "(id='a')", "(1)", "/%2F", "/%2e%2e/", "('')", "/{id}", "/beta",
    ];

    private static readonly string[] _inBodies =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\udc00\\ud800", "\\x", "\0", "\uFEFF", "// c", "/* c */", "null", "true", "[]", "{}", "\"\"", "1e999", "-0", "1.0", "1e2", "-1", "0.1", "01", "+1", "NaN", "9007199254740992", "99999999999999999999", "1e-999", "123456789012345678901234567890.123456789",
        "\"a\":", "\"displayName\":\"x\",", "\"status\":\"failed\",", "\"status\":\"unknownFutureValue\",", "\"status\":2,", "\"endDateTime\":null,", "\"endDateTime\":\"2026-01-01\",", "\"startDateTime\":\"9999-12-31T23:59:59.9999999Z\",", "\"startDateTime\":\"0001-01-01T00:00:00+00:00\",", "\"startDateTime\":0,", "\"id\":\"x\",",
        "\"@odata.type\":\"#microsoft.graph.industryData.industryDataRun\",", "\"@odata.type\":\"#microsoft.graph.user\",", "\"@odata.type\":1,", "\"@odata.id\":\"process/runs/x\",", "\"@odata.id\":\"\\\\\",", "\"@odata.id\":null,", "\"@odata.context\":{},", "\"a@b\":1,", "\"status@odata.type\":\"#String\",", "\"\":1,", "\"\\ud800\":1,",
        "\"statistics\":{\"inboundTotals\":{\"people\":-1}},", "\"statistics\":{\"inboundTotals\":{\"people\":9007199254740991}},", "\"statistics\":{\"inboundTotals\":[]},", "\"statistics\":{\"activityStatistics\":[null]},", "\"statistics\":{\"a\":{\"a\":1,\"a\":2}},", "\"statistics\":null,",
        "\"blockingError\":{\"code\":\"x\"},", "\"blockingError\":{\"innerError\":{\"code\":1}},", "\"blockingError\":[],", "\"activities\":[{}],", "\"activities\":{},", "\"activities\":[{\"@odata.type\":\"#microsoft.graph.industryData.inboundFlowActivity\",\"displayName\":\"a\",\"status\":\"inProgress\"}],",
        "\"dependsOn\":[\"1\"],", "\"dependsOn\":[\"0\",\"0\"],", "\"atomicityGroup\":\"g\",", "\"if\":\"x\",", "\"method\":\"GET\",", "\"method\":\"DELETE\",", "\"url\":\"/$batch\",", "\"url\":\"//x/\",", "\"url\":\"%00\",", "\"url\":\"process/runs?$filter=\",", "\"url\":\"http://[\",", "\"headers\":{\"Content-Type\":\"text/plain\"},", "\"headers\":{\"a\\r\\nb\":\"c\"},", "\"headers\":{\"Authorization\":\"Bearer x\"},", "\"headers\":{\"Prefer\":null},", "\"headers\":{\"Host\":\"a b\"},", "\"body\":\"!\",", "\"body\":1,",
    ];

    private static readonly string[] _onTheWire =
    [
        "\r\n", "\n", "\r", "\r\n\r\n", "\0", "\t", " ", "\x7f", "\x80", "\xff", "\xc0\xaf", "\xed\xa0\x80", ":", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/9.9", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r\nHost: a\r\n", "\r\nHost: b\r\nHost: c\r\n", "\r\nHost:\r\n", "\r\nContent-Length: 5\r\n", "\r\nContent-Length: -1\r\n", "\r\nContent-Length: 99999999999999999999\r\n", "\r\nContent-Length: 1, 1\r\n", "\r\nContent-Length: 2000000\r\n",
        "\r\nTransfer-Encoding: chunked\r\n", "\r\nTransfer-Encoding: gzip, chunked\r\n", "\r\nTransfer-Encoding: identity\r\n", "\r\nExpect: 100-continue\r\n", "\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n", "\r\nConnection: keep-alive\r\n", "\r\nUpgrade: websocket\r\n", "\r\n folded\r\n", "\r\n: empty\r\n", "\r\na b: c\r\n", "ffffffff\r\n", "0\r\n\r\n", "-1\r\n", "5;a=b\r\n", "\r\nTrailer: a\r\n", "GET / HTTP/1.1\r\n\r\n",
    ];

    /// <summary>A URL that still is ASCII without spaces, as a client would send it.</summary>
    public string Url(string url) => Text(url, _inUrls, 4).Aggregate(new StringBuilder(), (b, c) => c is > ' ' and <= '~' ? b.Append(c) : b.Append('%').Append(((int)(byte)c).ToString("X2", null))).ToString();

    public byte[] Body(byte[] body) => random.Next(12) switch
    {
        0 => [.. random.Some(0, 300, () => (byte)random.Next(256))],
        1 => Nested(body),
        2 => [.. body, .. random.Pick(body, "\0"u8.ToArray(), " "u8.ToArray(), "\n"u8.ToArray())],
        _ => FuzzRequest.Latin(Text(FuzzRequest.Latin(body), [.. _inBodies.Select(t => FuzzRequest.Latin(Encoding.UTF8.GetBytes(t)))], 3)),
    };

    public byte[] Bytes(byte[] bytes) => FuzzRequest.Latin(Text(FuzzRequest.Latin(bytes), _onTheWire, 3));

    /// <summary>A value for any header that is still a header's.</summary>
    public string Header(string value) => string.Concat(Text(value, [",", ";", "=", "\"", "\\", "*", "/", " ", "W/", "q=0", "q=2", "\t"], 3).Select(c => c is >= ' ' and <= '~' ? c : '~'));

    private string Text(string text, IReadOnlyList<string> words, int most)
    {
        foreach (var at in random.Some(1, most, () => random.Next(text.Length + 1)))
        {
            var start = Math.Min(at, text.Length);
            var length = random.Next(Math.Min(text.Length - start, random.Percent(80) ? 12 : 4000) + 1);
            var part = text.Substring(start, length);
            text = random.Next(10) switch
            {
                0 => text[..start],
                1 => text.Remove(start, length),
                2 => text.Insert(start, string.Concat(Enumerable.Repeat(part, random.Percent(90) ? 1 : 50))),
                3 when part.Length > 0 => text.Remove(start, 1).Insert(start, ((char)(part[0] ^ (1 << random.Next(8)))).ToString()),
                4 => text.Insert(start, string.Concat(Enumerable.Repeat(random.Pick(words), random.Percent(80) ? 2 : random.Next(2000)))),
                5 => text.Remove(start, length).Insert(start, random.Pick(words)),
                6 => text.Insert(start, ((char)random.Next(256)).ToString()),
                7 when text.Length > 0 => text.Insert(start, text[random.Next(text.Length)..][..Math.Min(text.Length - random.Next(text.Length), 1)]),
                _ => text.Insert(start, random.Pick(words)),
            };
        }

        // The longest that is worth the time.
        return text.Length > 70_000 ? text[..70_000] : text;
    }

    private byte[] Nested(byte[] body)
    {
        var depth = random.Pick(5, 31, 32, 33, 64, 65, 200, 5000);
        var (open, close) = random.Pick(("[", "]"), ("{\"a\":", "}"), ("{\"statistics\":", "}"));
        var nest = string.Concat(Enumerable.Repeat(open, depth)) + "1" + (random.Percent(80) ? string.Concat(Enumerable.Repeat(close, depth)) : "");
        var text = FuzzRequest.Latin(body);
        return FuzzRequest.Latin(random.Percent(50) ? text.Replace("{}", nest, StringComparison.Ordinal) : text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, $"\"x\":{nest},"));
    }
}
