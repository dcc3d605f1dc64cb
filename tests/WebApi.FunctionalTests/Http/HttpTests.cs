using System.Net;
using System.Net.Sockets;
using System.Text;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Http;

public sealed class HttpTests(TestDatabase database) : FunctionalTest(database)
{
    [Fact]
    public async Task Every_response_names_its_request()
    {
        foreach (var path in (string[])["process/runs", "process/runs/x", "nothing", "health/live"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path)
            {
                Headers = { { "client-request-id", "job 7" } },
            };
            using var response = await Client.SendAsync(request, Cancellation);

            var requestId = response.Headers.GetValues("request-id").Single();
            Guid.TryParse(requestId, out _).ShouldBeTrue();
            response.Headers.GetValues("client-request-id").ShouldBe(["job 7"]);
            response.Headers.GetValues("OData-Version").ShouldBe(["4.0"]);
            if (!response.IsSuccessStatusCode)
            {
                response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
                var inner = (await response.JsonAsync()).GetProperty("error").GetProperty("innerError");
                inner.Text("request-id").ShouldBe(requestId);
                inner.Text("client-request-id").ShouldBe("job 7");
                DateTime.Parse(inner.Text("date"), null).ShouldBe(DateTime.UtcNow, TimeSpan.FromMinutes(5));
            }
        }
    }

    [Theory]
    [InlineData("DELETE", "process/runs", "GET, HEAD, OPTIONS, POST")]
    [InlineData("PUT", "process/runs/x", "DELETE, GET, HEAD, OPTIONS, PATCH")]
    [InlineData("GET", "process/runs/start", "OPTIONS, POST")]
    [InlineData("PUT", "process/runs/$ref", "OPTIONS, POST")]
    [InlineData("DELETE", "process/runs/microsoft.graph.industryData.delta()", "GET, HEAD, OPTIONS")]
    [InlineData("POST", "process/runs/x/getStatistics", "GET, HEAD, OPTIONS")]
    public async Task A_method_that_a_path_does_not_take_is_405_and_says_which_it_takes(
        string method,
        string path,
        string allow
    )
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.MethodNotAllowed);
        string.Join(", ", response.Content.Headers.Allow.Order()).ShouldBe(allow);
        (await response.JsonAsync()).GetProperty("error").Text("code").ShouldBe("methodNotAllowed");
    }

    [Theory]
    [InlineData("process/runs", "GET, HEAD, OPTIONS, POST")]
    [InlineData("beta/external/industryData/runs", "GET, HEAD, OPTIONS, POST")]
    [InlineData("process/runs/01900000-0000-7000-8000-000000000000", "DELETE, GET, HEAD, OPTIONS, PATCH")]
    [InlineData("process/runs('no such run')", "DELETE, GET, HEAD, OPTIONS, PATCH")]
    [InlineData("process/runs/$ref", "OPTIONS, POST")]
    [InlineData("process/runs/$count", "GET, HEAD, OPTIONS")]
    [InlineData("process/runs/start", "OPTIONS, POST")]
    [InlineData("process/runs/delta()", "GET, HEAD, OPTIONS")]
    [InlineData("process/runs/getStatistics", "GET, HEAD, OPTIONS")]
    [InlineData("process/runs/x/getStatistics()", "GET, HEAD, OPTIONS")]
    [InlineData("process/runs/x/activities", "GET, HEAD, OPTIONS, POST")]
    [InlineData("process/runs/x/activities/$ref", "GET, HEAD, OPTIONS")]
    [InlineData("process/runs/x/activities/y", "GET, HEAD, OPTIONS, PATCH")]
    [InlineData("$batch", "OPTIONS, POST")]
    [InlineData("$metadata", "GET, HEAD, OPTIONS")]
    [InlineData("", "GET, HEAD, OPTIONS")]
    [InlineData("health/ready", "GET, HEAD, OPTIONS")]
    public async Task Options_says_what_a_path_takes_to_everybody(string path, string allow)
    {
        foreach (var client in (HttpClient[])[Client, Service.Authorized(null)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, path);
            using var response = await client.SendAsync(request, Cancellation);

            response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
            string.Join(", ", response.Content.Headers.Allow.Order()).ShouldBe(allow);
            (await response.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBeEmpty();
            response.Headers.Contains("request-id").ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Options_of_the_whole_service_names_every_method()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Service.Root.Port, Cancellation);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes($"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
            Cancellation
        );
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(Cancellation);

        answer.ShouldStartWith("HTTP/1.1 204");
        answer.ShouldContain("Allow: GET, HEAD, POST, PATCH, DELETE, OPTIONS\r\n");
    }

    [Fact]
    public async Task Options_of_nothing_is_404()
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, "nothing");
        using var response = await Client.SendAsync(request, Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound, string.Join(", ", response.Content.Headers.Allow));
    }

    [Theory]
    [InlineData("OData-Version", "4.0", 200)]
    [InlineData("OData-Version", "4.01", 200)]
    [InlineData("OData-Version", " 4.0 ", 200)]
    [InlineData("OData-Version", "4.02", 400)]
    [InlineData("OData-Version", "5.0", 400)]
    [InlineData("OData-Version", "3.0", 400)]
    [InlineData("OData-Version", "4", 400)]
    [InlineData("OData-Version", "four", 400)]
    [InlineData("OData-Version", "4.0, 4.0", 400)]
    [InlineData("OData-Version", "99999999999999999999999999999999.0", 400)]
    [InlineData("OData-MaxVersion", "4.0", 200)]
    [InlineData("OData-MaxVersion", "4.01", 200)]
    [InlineData("OData-MaxVersion", "7.5", 200)]
    [InlineData("OData-MaxVersion", "3.0", 400)]
    [InlineData("OData-MaxVersion", "-4.0", 400)]
    [InlineData("OData-MaxVersion", "latest", 400)]
    public async Task Versions_that_are_not_spoken_are_refused_and_answers_are_written_in_4_0(
        string header,
        string version,
        int status
    )
    {
        foreach (var path in (string[])["", "$metadata", "process/runs", "process/runs/$count"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation(header, version);
            using var response = await Client.SendAsync(request, Cancellation);

            ((int)response.StatusCode).ShouldBe(status, path);
            response.Headers.GetValues("OData-Version").ShouldBe(["4.0"]);
            if (status == 400)
            {
                (await response.JsonAsync()).GetProperty("error").Text("message").ShouldContain(header);
            }
        }
    }

    [Theory]
    [InlineData("application/xml", 406)]
    [InlineData("application/json;q=0", 406)]
    [InlineData("text/html, application/json;odata.metadata=minimal;q=0.9", 200)]
    [InlineData("*/*", 200)]
    [InlineData("", 200)]
    [InlineData("APPLICATION/*", 200)]
    [InlineData("Application/JSON; odata.metadata=minimal", 200)]
    [InlineData("text/*", 406)]
    public async Task The_answer_is_json_or_none(string accept, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "process/runs");
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Client.SendAsync(request, Cancellation);

        ((int)response.StatusCode).ShouldBe(status);
    }

    [Theory]
    [InlineData(32_768 - 100, 400)]
    [InlineData(32_768 + 1, 414)]
    public async Task A_long_url_is_414(int length, int status)
    {
        using var response = await Client.GetAsync($"process/runs?x={new string('a', length)}", Cancellation);

        ((int)response.StatusCode).ShouldBe(status);
        (await response.JsonAsync()).GetProperty("error").Text("message").ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("xn--zzzzzz99")]
    [InlineData("a..b")]
    [InlineData("a:99999")]
    [InlineData("~")]
    public async Task A_host_that_is_none_is_refused_before_anything_is_stored(string host)
    {
        await Database.EmptyAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Service.Root.Port, Cancellation);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes(
                $"POST /process/runs/$ref HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
                    + $"Authorization: Bearer {Tokens.Make()}\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: {Encoding.UTF8.GetByteCount(Bodies.Run)}\r\n\r\n{Bodies.Run}"
            ),
            Cancellation
        );
        using var reader = new StreamReader(stream);

        (await reader.ReadToEndAsync(Cancellation)).ShouldStartWith("HTTP/1.1 400");
        (await Database.ReadAsync<long>("SELECT count(*) FROM runs")).ShouldBe(0);
    }

    [Theory]
    [InlineData("ffffffff")]
    [InlineData("80000000")]
    [InlineData("fffffffffffffffff")]
    [InlineData("x")]
    [InlineData("-1")]
    public async Task A_chunk_whose_size_is_none_is_refused(string size)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Service.Root.Port, Cancellation);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes(
                $"POST /process/runs/$ref HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    + $"Authorization: Bearer {Tokens.Make()}\r\nContent-Type: application/json\r\n"
                    + $"Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n{size}\r\n"
            ),
            Cancellation
        );
        using var reader = new StreamReader(stream);

        var answer = await reader.ReadToEndAsync(Cancellation);
        answer.ShouldStartWith("HTTP/1.1 400");
        answer.ShouldContain("malformedRequest");
    }

    [Theory]
    [InlineData("process/runs")]
    [InlineData("process/runs/$count")]
    [InlineData("process/runs/delta")]
    [InlineData("external")]
    [InlineData("beta")]
    [InlineData("$metadata?$format=json")]
    [InlineData("health/live")]
    [InlineData("health/ready")]
    [InlineData("$metadata")]
    [InlineData("")]
    [InlineData("process/runs/x")]
    [InlineData("openapi/v1.json")]
    [InlineData("beta/docs/")]
    [InlineData("docs/scalar.js")]
    public async Task Head_is_get_without_a_body(string path)
    {
        using var get = await Client.GetAsync(path, Cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var head = await Client.SendAsync(request, Cancellation);

        head.StatusCode.ShouldBe(get.StatusCode);
        head.Content.Headers.ContentType.ShouldBe(get.Content.Headers.ContentType);
        (await head.Content.ReadAsByteArrayAsync(Cancellation)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Links_keep_the_host_that_the_caller_used_and_believe_no_stranger()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "beta/process/runs/$ref")
        {
            Content = Bodies.Json(Bodies.Run),
        };
        request.Headers.Host = "ledger.example:8443";
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        using var response = await Client.SendAsync(request, Cancellation);

        response.Headers.Location!.ToString().ShouldStartWith("http://ledger.example:8443/beta/process/runs/");

        await using var behindProxy = await RunningService.StartAsync(
            Database.ConnectionString,
            ("ForwardedHeaders:KnownProxies:0", "127.0.0.1")
        );
        using var forwarded = new HttpRequestMessage(HttpMethod.Post, "beta/process/runs/$ref")
        {
            Content = Bodies.Json(Bodies.Run),
        };
        forwarded.Headers.Add("X-Forwarded-Proto", "https");
        forwarded.Headers.Add("X-Forwarded-Host", "ledger.example");
        using var answer = await behindProxy.Client.SendAsync(forwarded, Cancellation);

        answer.Headers.Location!.ToString().ShouldStartWith("https://ledger.example/beta/process/runs/");
    }

    /// <summary>
    /// The service accepts the run URLs that it returns as references. Behind a proxy with a prefix, the prefix is
    /// required.
    /// </summary>
    [Fact]
    public async Task A_reference_has_the_prefix_of_the_proxy()
    {
        await using var behindProxy = await RunningService.StartAsync(
            Database.ConnectionString,
            ("ForwardedHeaders:KnownProxies:0", "127.0.0.1"),
            ("ForwardedHeaders:Prefix", "true")
        );
        behindProxy.Client.DefaultRequestHeaders.Add("X-Forwarded-Prefix", "/api");
        using var added = await behindProxy.Client.PostAsync(
            "beta/process/runs/$ref",
            Bodies.Json(Bodies.Run),
            Cancellation
        );
        var url = added.Headers.Location!.ToString();
        url.ShouldStartWith($"{behindProxy.Root}api/beta/process/runs/");

        foreach (
            var (reference, status) in ((string, HttpStatusCode)[])
                [
                    (url, HttpStatusCode.NoContent),
                    (url.Replace("/beta/", "/", StringComparison.Ordinal), HttpStatusCode.NoContent),
                    (url.Replace("/api/", "/", StringComparison.Ordinal), HttpStatusCode.BadRequest),
                ]
        )
        {
            using var answer = await behindProxy.Client.PostAsync(
                "beta/process/runs/$ref",
                Bodies.Json($$"""{"@odata.id":"{{reference}}"}"""),
                Cancellation
            );
            answer.StatusCode.ShouldBe(status, reference);
        }
    }

    [Fact]
    public async Task Caller_without_a_host_gets_urls_on_localhost_and_no_address()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, Service.Root.Port, Cancellation);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes(
                $"POST /process/runs/$ref HTTP/1.0\r\nAuthorization: Bearer {Tokens.Make()}\r\n"
                    + "Content-Type: application/json\r\n"
                    + $"Content-Length: {Encoding.UTF8.GetByteCount(Bodies.Run)}\r\n\r\n{Bodies.Run}"
            ),
            Cancellation
        );
        using var reader = new StreamReader(stream);
        var head = await reader.ReadToEndAsync(Cancellation);

        head.ShouldStartWith("HTTP/1.1 204");
        var location = head.Split("\r\n").Single(l => l.StartsWith("Location: ", StringComparison.Ordinal))[
            "Location: ".Length..
        ];
        location.ShouldStartWith("http://localhost/process/runs/");
        (await Client.GetJsonAsync(new Uri(Service.Root, new Uri(location).AbsolutePath)))
            .Text("displayName")
            .ShouldBe("Nightly rostering");
    }

    [Theory]
    [InlineData("X-Forwarded-Proto", "javascript")]
    [InlineData("X-Forwarded-Proto", "ftp")]
    [InlineData("X-Forwarded-Proto", "https, x")]
    [InlineData("X-Forwarded-Host", "a b")]
    [InlineData("X-Forwarded-Host", "[::zz")]
    [InlineData("X-Forwarded-Host", "a.example/path")]
    [InlineData("X-Forwarded-Host", "user@a.example")]
    [InlineData("X-Forwarded-Prefix", "/%00")]
    [InlineData("X-Forwarded-Prefix", "//evil.example")]
    [InlineData("X-Forwarded-Prefix", "a")]
    [InlineData("X-Forwarded-Prefix", "/a?b")]
    public async Task Bad_forwarded_value_of_a_known_proxy_returns_400(string name, string value)
    {
        await using var behindProxy = await RunningService.StartAsync(
            Database.ConnectionString,
            ("ForwardedHeaders:KnownProxies:0", "127.0.0.1"),
            ("ForwardedHeaders:Prefix", "true")
        );
        using var request = new HttpRequestMessage(HttpMethod.Post, "beta/process/runs/$ref")
        {
            Content = Bodies.Json(Bodies.Run),
        };
        request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        using var answer = await behindProxy.Client.SendAsync(request, Cancellation);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var body = await answer.JsonAsync();
        body.Cause().ShouldBe("invalidForwardedHeader");
        body.GetProperty("error").Text("message").ShouldContain(name);
        answer.Headers.Contains("request-id").ShouldBeTrue();
    }

    [Fact]
    public async Task Forwarded_prefix_is_ignored_unless_it_is_configured()
    {
        await using var behindProxy = await RunningService.StartAsync(
            Database.ConnectionString,
            ("ForwardedHeaders:KnownProxies:0", "127.0.0.1")
        );
        behindProxy.Client.DefaultRequestHeaders.Add("X-Forwarded-Prefix", "/api");
        using var added = await behindProxy.Client.PostAsync(
            "beta/process/runs/$ref",
            Bodies.Json(Bodies.Run),
            Cancellation
        );

        added.Headers.Location!.ToString().ShouldStartWith($"{behindProxy.Root}beta/process/runs/");
    }

    [Fact]
    public async Task The_service_document_names_the_singletons()
    {
        var document = await Client.GetJsonAsync(new Uri(Service.Root, "beta"));

        document.Text("@odata.context").ShouldBe($"{Service.Root}beta/$metadata");
        (await Client.GetAsync("beta?$top=1", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        document.GetProperty("value").EnumerateArray().Select(v => v.Text("url")).ShouldBe(["external", "process"]);
    }
}
