using System.Text.Json;
using System.Text.RegularExpressions;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>
/// Generates and sends the requests of one tenant in sequence from one seed, and tracks the tenant's runs. Workers run
/// in parallel and do not influence each other's requests, so that a seed always produces the same requests.
/// </summary>
internal sealed partial class FuzzWorker
{
    private const string BatchPath = "$batch";

    private static readonly string[] _oddMethods =
    [
        "HEAD",
        "OPTIONS",
        "PUT",
        "TRACE",
        "CONNECT",
        "PROPFIND",
        "POST",
        "PATCH",
        "get",
        "M-SEARCH",
        "A",
        new('X', 300),
    ];

    private static readonly (string Name, string[] Values)[] _headers =
    [
        (
            "Accept",
            [
                "*/*",
                "application/json",
                "application/json;odata.metadata=full",
                "application/json;odata.metadata=none;IEEE754Compatible=true",
                "text/plain",
                "application/xml",
                "text/html, */*;q=0.1",
                "application/json;q=0",
                "",
                ",",
                "a",
                "a/b/c",
                "application/json;odata.metadata=nope",
                "*/json",
                "image/*",
            ]
        ),
        ("Accept-Charset", ["utf-8", "utf-16", "*;q=0"]),
        ("Accept-Encoding", ["gzip, br", "identity;q=0", "*"]),
        (
            "Prefer",
            [
                "return=minimal",
                "return=representation",
                "return=\"minimal\"",
                "return=",
                "odata.maxpagesize=2",
                "maxpagesize=0",
                "odata.maxpagesize=99999999999",
                "respond-async, wait=1",
                "include-unknown-enum-members",
                "odata.continue-on-error",
                "odata.track-changes",
                ";;;,,,",
                "=",
                "a=\"",
                "handling=strict",
            ]
        ),
        (
            "If-Match",
            [
                "*",
                "W/\"1\"",
                "\"1\"",
                "W/\"99999999999999999999\"",
                "W/\"-1\"",
                "W/\"a\", W/\"1\"",
                "W/",
                "1",
                "",
                "W/\"\"",
                "*, *",
            ]
        ),
        ("If-None-Match", ["*", "W/\"1\"", "\"1\"", "W/\"2\", W/\"1\"", "x", "\""]),
        ("If-Modified-Since", ["Sat, 01 Jan 2000 00:00:00 GMT", "x"]),
        ("Range", ["bytes=0-1", "items=0-5"]),
        (
            "Content-Type",
            [
                "application/json",
                "application/json; charset=utf-8",
                "application/json;charset=\"UTF-8\"",
                "application/json; charset=utf-16",
                "application/json; charset=x",
                "text/plain",
                "multipart/mixed; boundary=a",
                "application/x-www-form-urlencoded",
                "",
                ";",
                "a",
                "application/json;odata.metadata=minimal;IEEE754Compatible=true",
                "application/json, text/plain",
                "multipart/form-data",
            ]
        ),
        ("Content-Encoding", ["gzip", "identity", "br, gzip", ""]),
        ("Content-Length", ["0", "5"]),
        ("Idempotency-Key", ["1", "2", "k", "", "a, b", new('k', 255), new('k', 256), "\"q\""]),
        ("Repeatability-Request-ID", ["01234567-89ab-cdef-0123-456789abcdef", "x", ""]),
        (
            "Repeatability-First-Sent",
            ["Tue, 24 Nov 2026 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "x"]
        ),
        (
            "Authorization",
            [
                "Bearer",
                "Bearer ",
                "Bearer x",
                "Bearer a.b.c",
                "Basic YTpi",
                "bearer @token@",
                "Bearer  @token@",
                "@token@",
                "Bearer @token@x",
                "Negotiate",
                "",
                "Bearer ....",
                "Bearer eyJhbGciOiJub25lIn0.e30.",
            ]
        ),
        ("OData-Version", ["4.0", "4.01", "5.0", "x", ""]),
        ("OData-MaxVersion", ["4.0", "4.01", "3.0", "x"]),
        ("OData-Isolation", ["snapshot"]),
        ("X-Forwarded-For", ["1.2.3.4", "x", "[::1]:99999"]),
        ("X-Forwarded-Host", ["a.example", "a b", ""]),
        ("X-Forwarded-Proto", ["https", "x"]),
        ("X-Forwarded-Prefix", ["/a", "a", "//"]),
        ("X-HTTP-Method-Override", ["DELETE", "GET"]),
        ("Forwarded", ["for=1.2.3.4;host=a", ";"]),
        ("client-request-id", ["a", new('c', 256), new('c', 257), "", "é"]),
        (
            "traceparent",
            [
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "x",
                "00-00000000000000000000000000000000-0000000000000000-00",
            ]
        ),
        ("tracestate", ["a=b", ",,,", "="]),
        ("baggage", ["a=b;c=d", "=,%zz"]),
        ("Origin", ["http://a.example", "null"]),
        ("Cookie", ["a=b", ";;="]),
        ("Host", ["localhost", "a.example:80", "[::1]", "xn--", "xn--a", "a_b", "127.1", "a:0", "127.0.0.1:99999"]),
        ("Expect", ["100-continue", "x"]),
        ("TE", ["trailers"]),
        ("Max-Forwards", ["0"]),
        ("Connection", ["keep-alive", "Upgrade", "close, te"]),
        ("Upgrade", ["h2c", "websocket"]),
        ("HTTP2-Settings", ["AAMAAABkAAQAAP__"]),
    ];

    private readonly Random _random;
    private readonly Uri _root;
    private readonly Urls _urls;
    private readonly Mutations _mutations;
    private readonly Payloads _payloads;
    private readonly List<string> _links = [];
    private readonly HashSet<string> _added = [];
    private readonly HashSet<string> _deleted = [];
    private readonly List<string> _activities = [];
    private readonly List<string> _runs = [];

    public FuzzWorker(int seed, int number, Uri root)
    {
        Number = number;
        Tenant = new Guid($"f0220000-0000-4000-8000-{number:d12}");
        Token = Tokens.Make(tid: Tenant.ToString());
        _root = root;
        _random = new Random((seed * 397) ^ number);
        (_urls, _mutations, _payloads) = (new Urls(_random), new Mutations(_random), new Payloads(_random));
    }

    public int Number { get; }

    public Guid Tenant { get; }

    public string Token { get; }

    /// <summary>The number of generated requests.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// The ids of the runs whose creation the service acknowledged and whose deletion it did not acknowledge.
    /// </summary>
    public IReadOnlyCollection<string> Stored => _runs;

    /// <summary>
    /// The maximum number of other runs that may be stored. They come from requests that were not valid HTTP and that
    /// the server did not answer.
    /// </summary>
    public int Unanswered { get; private set; }

    /// <summary>Generates the next request.</summary>
    public FuzzRequest Next()
    {
        Count++;
        return _random.Next(100) switch
        {
            < 25 => Read(),
            < 50 => Read() with
            {
                Target = _mutations.Url(Read().Target),
                Method = _random.Percent(90) ? "GET" : _random.Pick(_oddMethods),
                Statuses = null,
            },
            < 60 => Headed(Read()),
            < 70 => Write(),
            < 80 => Mutated(Write()),
            < 82 => Headed(Write()),
            < 85 => Keyed(Write()),
            < 87 => Batch(),
            < 92 => Mutated(Batch()),
            _ => OffTheWire(
                _random.Percent(50) ? Read()
                : _random.Percent(60) ? Write()
                : Batch()
            ),
        };
    }

    /// <summary>Sends a request and returns the complete responses.</summary>
    public async Task<IReadOnlyList<FuzzAnswer>> SendAsync(FuzzRequest request)
    {
        var bytes = FuzzRequest.Latin(
            FuzzRequest.Latin(request.Bytes).Replace(FuzzRequest.Token, Token, StringComparison.Ordinal)
        );
        return [.. FuzzAnswer.ReadAll(await RawHttpClient.SendAsync(_root, bytes, request.IsHttp, request.EndsEarly))];
    }

    /// <summary>Records the tenant's runs and links from the responses.</summary>
    public void Learn(FuzzRequest request, IReadOnlyList<FuzzAnswer> answers)
    {
        if (!request.IsHttp)
        {
            var text = FuzzRequest.Latin(request.Bytes);
            Unanswered +=
                answers.Count == 0
                    ? text.Split("POST").Length - 1
                    : Math.Max(0, text.Split("POST /").Length - 1 - answers.Count);
        }

        foreach (var answer in answers)
        {
            Learn(request.Method, request.Target, answer.Status, answer["Location"]);
            if (
                answer.Status == 200
                && answer["Content-Type"]?.StartsWith("application/json", StringComparison.Ordinal) == true
                && answer.Body.Length > 0
            )
            {
                Learn(request, JsonDocument.Parse(answer.Body).RootElement);
            }
        }
    }

    private void Learn(FuzzRequest request, JsonElement body)
    {
        foreach (var link in (string[])["@odata.nextLink", "@odata.deltaLink"])
        {
            if (
                body.TryGetProperty(link, out var url)
                && new Uri(url.GetString()!).PathAndQuery is { Length: < 8000 } place
            )
            {
                _links.Add(place);
                _links.RemoveRange(0, Math.Max(0, _links.Count - 20));
            }
        }

        if (!body.TryGetProperty("responses", out var answers))
        {
            return;
        }

        var requests = JsonDocument
            .Parse(request.Body, new JsonDocumentOptions { MaxDepth = int.MaxValue })
            .RootElement.GetProperty("requests")
            .EnumerateArray()
            .ToDictionary(r => r.Text("id"), StringComparer.OrdinalIgnoreCase);
        foreach (var answer in answers.EnumerateArray())
        {
            var location = answer.GetProperty("headers").TryGetProperty("Location", out var header)
                ? header.GetString()
                : null;

            // The id of a mutated request may differ from the id in the response. No mutated request deletes a run.
            var (method, url) = requests.TryGetValue(answer.Text("id"), out var sent)
                ? (sent.Text("method"), sent.Text("url"))
                : ("", "");
            Learn(method, url, answer.GetProperty("status").GetInt32(), location);
        }
    }

    private void Learn(string method, string target, int status, string? location)
    {
        if (method.Equals("DELETE", StringComparison.OrdinalIgnoreCase) && status == 204)
        {
            var id = AnyId().Match(Uri.UnescapeDataString(target)).Value.ToLowerInvariant();
            _deleted.Add(id);
            _runs.Remove(id);
        }
        else if (
            status is 201 or 202 or 204
            && location is not null
            && RunUrl().Match(location) is { Success: true } run
        )
        {
            if (_added.Add(run.Groups["id"].Value) && !_deleted.Contains(run.Groups["id"].Value))
            {
                _runs.Add(run.Groups["id"].Value);
            }
        }
        else if (status == 201 && location is not null)
        {
            _activities.Add(new Uri(location).AbsolutePath);
            _activities.RemoveRange(0, Math.Max(0, _activities.Count - 20));
        }
    }

    private FuzzRequest Read()
    {
        var (url, statuses) =
            _activities.Count > 0 && _random.Percent(4)
                ? (_random.Pick(_activities), [200, 404])
                : _urls.Read(_runs, _links);
        return Sent("GET", url, null) with { Statuses = statuses };
    }

    private FuzzRequest Write() =>
        _random.Next(20) switch
        {
            < 5 => Sent("POST", _urls.Runs(), _payloads.Run()),
            < 10 => Sent("POST", _urls.Runs() + "/$ref", _payloads.Run()),
            10 => Sent(
                "POST",
                _urls.Runs() + "/" + _urls.Operation("start"),
                _random.Percent(50) ? [] : "{}"u8.ToArray()
            ),
            11 when _activities.Count > 0 => Sent("PATCH", _random.Pick(_activities), _payloads.Activity()),
            12 => Sent(
                "POST",
                _urls.Runs() + "/$ref",
                FuzzRequest.Latin($$"""{"@odata.id":"process/runs/{{Id()}}"}""")
            ),
            < 15 => Sent("POST", _urls.Run(Id()) + "/activities", _payloads.Activity()),
            15 => Sent("DELETE", _urls.Run(Id()), null),
            _ => Sent("PATCH", _urls.Run(Id()), _payloads.Patch()),
        };

    private FuzzRequest Batch() =>
        Sent(
            "POST",
            _random.Pick("/", "/beta/") + BatchPath,
            _payloads.Batch(_random.Some(1, 6, () => _random.Percent(40) ? Read() : Write()))
        );

    // Mostly returns an existing run, and mostly one of the first five, so that the same run gets several requests.
    private string Id() =>
        _runs.Count > 0 && _random.Percent(95)
            ? _runs[_random.Percent(70) ? _random.Next(Math.Min(5, _runs.Count)) : _random.Next(_runs.Count)]
            : Guid.Empty.ToString();

    private FuzzRequest Sent(string method, string target, byte[]? body) =>
        new(method, target)
        {
            Headers =
            [
                ("Host", $"{_root.Host}:{_root.Port}"),
                ("Authorization", $"Bearer {FuzzRequest.Token}"),
                ("Connection", "close"),
                .. body is null ? [] : ((string, string)[])[("Content-Type", "application/json")],
            ],
            Body = body,
            ChunkSize = body is { Length: > 0 } && _random.Percent(10) ? _random.Pick(1, 7, 500) : 0,
        };

    private FuzzRequest Mutated(FuzzRequest request) =>
        _random.Percent(20)
            ? request with
            {
                Target = _mutations.Url(request.Target),
            }
            : request with
            {
                Body = _mutations.Body(request.Body ?? []),
            };

    private FuzzRequest Keyed(FuzzRequest request) =>
        request with
        {
            Headers =
            [
                .. request.Headers,
                .. _random.Percent(40) ? [("If-Match", $"W/\"{_random.Next(1, 5)}\"")]
                : _random.Percent(50) ? [("Idempotency-Key", _random.Pick("a", "b", "c", "d"))]
                : ((string, string)[])
                    [
                        ("Repeatability-Request-ID", $"01234567-89ab-cdef-0123-{_random.Next(4):d12}"),
                        ("Repeatability-First-Sent", "Fri, 31 Dec 9999 23:59:59 GMT"),
                    ],
                ("Prefer", _random.Pick("return=minimal", "return=representation", "x")),
            ],
        };

    private FuzzRequest Headed(FuzzRequest request)
    {
        // With another length or another way to end the connection, the server would decide where a request ends.
        var headers = request.Headers.ToList();
        foreach (
            var (name, values) in _random
                .Some(1, 5, () => _random.Pick(_headers))
                .Where(h => h.Name is not ("Content-Length" or "Connection" or "Upgrade" or "Expect"))
        )
        {
            var value = _random.Pick(values);
            if (name == "Host" || _random.Percent(70))
            {
                headers.RemoveAll(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            }

            // The server itself refuses two Host headers and an invalid Host.
            headers.Add(
                (_random.AnyCase(name), name == "Host" || _random.Percent(60) ? value : _mutations.Header(value))
            );
        }

        return request with
        {
            Headers = headers,
            Statuses = null,
        };
    }

    private FuzzRequest OffTheWire(FuzzRequest request)
    {
        // Without a response, it would be unknown whether the run was deleted.
        if (request.Deletes)
        {
            return request;
        }

        request = request with { EndsEarly = _random.Percent(40), Statuses = null };
        return _random.Next(6) switch
        {
            0 => request with
            {
                Target = _random.Pick(
                    $"http://{_root.Authority}{request.Target}",
                    $"http://a.example{request.Target}",
                    "*",
                    "",
                    "a:80",
                    $"/{(char)_random.Next(256)}{request.Target}",
                    request.Target + "\xc0\xaf",
                    "/\0",
                    request.Target + "#a",
                    "//a",
                    request.Target.Replace("/", "//", StringComparison.Ordinal)
                ),
                EndsEarly = true,
            },
            1 => WithHeaders(
                request,
                _random
                    .Some(1, 3, () => _random.Pick(_headers))
                    .Select(h => (h.Name, _random.Pick(h.Values) + _random.Pick("", "", "\0", "\xff", "\x80", "\t")))
            ),
            2 => WithHeaders(request, Enumerable.Range(0, _random.Pick(90, 101, 500)).Select(i => ($"x{i}", "y"))),
            _ => request with { Mutated = _mutations.Bytes(request.Bytes) },
        };
    }

    private static FuzzRequest WithHeaders(FuzzRequest request, IEnumerable<(string, string)> headers)
    {
        var more = request with { Headers = [.. request.Headers, .. headers] };
        return more with { Mutated = more.Bytes };
    }

    [GeneratedRegex(
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex AnyId();

    [GeneratedRegex("/runs/(?<id>[0-9a-f-]{36})$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex RunUrl();
}
