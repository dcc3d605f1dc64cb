using System.Net;
using System.Net.Sockets;
using IndustryData.WebApi.FunctionalTests.Fuzz;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.IdentityModel.JsonWebTokens;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>Runs the commands as an operator does, each in its own process.</summary>
public sealed class CommandTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Token_prints_a_token_that_the_service_takes_and_nothing_else()
    {
        using var folder = new TemporaryDirectory();

        // The service has not started yet, so this command creates the key.
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(["token"], ("DataDirectory", folder.Path));

        exitCode.ShouldBe(0, errors);
        output.TrimEnd().ShouldNotContain('\n');
        var token = new JsonWebToken(output.Trim());
        Guid.TryParse(token.Id, out _).ShouldBeTrue();
        (token.ValidTo - token.IssuedAt).ShouldBe(TimeSpan.FromDays(1));
        token.GetClaim("tid").Value.ShouldBe("00000000-0000-4000-8000-000000000001");
        token
            .Claims.Where(c => c.Type == "roles")
            .Select(c => c.Value)
            .ShouldBe(["IndustryData-Run.Read.All", "IndustryData-Run.Start", "IndustryData-Run.ReadWrite.All"]);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(folder.Path, "signing-key"))
                .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task Token_takes_a_tenant_and_permissions()
    {
        var (exitCode, output, _) = await ServiceProcess.RunAsync(
            [
                "token",
                "--tenant",
                Tokens.OtherTenant.ToString(),
                "--permission",
                "IndustryData-Run.Read.All",
                "--days",
                "1",
            ],
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("Authentication__SigningKeys__0", Tokens.Key)
        );
        exitCode.ShouldBe(0);
        await using var service = await RunningService.StartAsync(database.ConnectionString);
        using var client = service.Authorized(output.Trim());

        (await client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.PostAsync("process/runs", Bodies.Json(Bodies.Run), Cancellation)).StatusCode.ShouldBe(
            HttpStatusCode.Forbidden
        );
    }

    [Theory]
    [InlineData("--tenant", "--tenant must be a GUID", "token", "--tenant", "school")]
    [InlineData("permission", "--permission must be one of", "token", "--permission", "All")]
    [InlineData("days", "--days must be", "token", "--days", "0")]
    [InlineData("revocation without a tenant", "usage: token", "token", "--revoke-before", "NOW")]
    [InlineData(
        "revocation of a malformed tenant",
        "--tenant must be a GUID",
        "token",
        "--revoke-before",
        "NOW",
        "--tenant",
        "school"
    )]
    [InlineData(
        "malformed time",
        "--revoke-before must be NOW or a time",
        "token",
        "--revoke-before",
        "today",
        "--tenant",
        "11111111-1111-4111-8111-111111111111"
    )]
    [InlineData(
        "time in the future",
        "must not be in the future",
        "token",
        "--revoke-before",
        "2100-01-01T00:00:00Z",
        "--tenant",
        "11111111-1111-4111-8111-111111111111"
    )]
    [InlineData("unknown option", "usage: token", "token", "--colour", "red")]
    [InlineData("value missing", "usage: token", "token", "--tenant")]
    [InlineData("unknown command", "There is no command 'fly'", "fly")]
    [InlineData("unknown argument", "'--tenant' is not understood", "--tenant", "x")]
    [InlineData("argument too many", "'now' is not understood", "migrate", "now")]
    public async Task What_is_wrong_is_said_in_one_line(string @case, string message, params string[] arguments)
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(
            arguments,
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("Authentication__SigningKeys__0", Tokens.Key)
        );

        exitCode.ShouldBe(1, @case);
        output.ShouldBeEmpty();
        errors.TrimEnd().ShouldStartWith("industrydata: ");
        errors.ShouldContain(message);
        errors.TrimEnd().ShouldNotContain('\n');
    }

    [Theory]
    [InlineData("EmbeddedPostgres__Port", "abc", "EmbeddedPostgres:Port")]
    [InlineData("ConnectionStrings__IndustryData", "garbage", "ConnectionStrings:IndustryData cannot be used")]
    [InlineData("ConnectionStrings__IndustryData", "Username=x", "it names no Host")]
    [InlineData("ASPNETCORE_URLS", "foo", "'foo'")]
    [InlineData("ASPNETCORE_HTTP_PORTS", "abc", "'abc'")]
    [InlineData("ASPNETCORE_URLS", "http://127.0.0.1:99999", "99999")]
    [InlineData("ASPNETCORE_URLS", "https://127.0.0.1:5443", "certificate")]
    [InlineData("Authentication__Authorities__0__Authority", "http://127.0.0.1:1/", "not an https URL")]
    [InlineData("Authentication__Authorities__0__Authority", "", "not an https URL")]
    [InlineData("Authentication__SigningKeys__0", "short", "base64")]
    [InlineData("ForwardedHeaders__KnownProxies__0", "proxy", "neither an IP address")]
    [InlineData("Serilog__MinimumLevel__Default", "foo", "foo")]
    [InlineData("Retention__Month", "36", "Retention:Month is not a setting")]
    [InlineData("Query__Timeout", "5", "Query:Timeout is '5'")]
    [InlineData("Audit__Path", "/proc/audit.log", "Audit:Path: the audit log cannot be written")]
    [InlineData("Metrics__Url", "9464", "Metrics:Url is '9464'")]
    [InlineData("Metrics__Url", "https://127.0.0.1:9464", "must be an http URL")]
    [InlineData("Metrics__Url", "http://127.0.0.1:9464/metrics", "without a path")]
    [InlineData("Metrics__Port", "9464", "Metrics:Port is not a setting")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector", "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector'")]
    [InlineData(
        "ConnectionStrings__IndustryData",
        "Host=x;Maximum Pool Size=1;Minimum Pool Size=2",
        "ConnectionStrings:IndustryData cannot be used"
    )]
    public async Task A_setting_that_cannot_be_used_is_named_in_one_line(string key, string value, string message)
    {
        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            [],
            ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("Authentication__SigningKeys__0", Tokens.Key),
            (key, value)
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain(message);
        errors.TrimEnd().ShouldNotContain('\n');
    }

    [Fact]
    public async Task A_service_that_nobody_could_use_does_not_start()
    {
        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            [],
            ("ConnectionStrings__IndustryData", database.ConnectionString)
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain("Authentication:SigningKeys:0");
        errors.TrimEnd().ShouldNotContain('\n');
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_in_one_line()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();

        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            [],
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}"),
            ("ConnectionStrings__IndustryData", database.ConnectionString),
            ("Authentication__SigningKeys__0", Tokens.Key)
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain("address already in use");
        errors.TrimEnd().ShouldNotContain('\n');
    }

    /// <summary>Any caller can repeat this request at will, so it must not fill the log.</summary>
    [Fact]
    public async Task A_caller_that_hangs_up_within_a_body_is_no_error_of_the_service()
    {
        await using var service = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", database.ConnectionString)
        );
        var start = service.Output.Length;
        var half = System.Text.Encoding.Latin1.GetBytes(
            $"POST /process/runs HTTP/1.1\r\nHost: {service.Root.Authority}\r\n"
                + $"Authorization: Bearer {Tokens.Make()}\r\n"
                + "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"displayName\":"
        );
        for (var i = 0; i < 20; i++)
        {
            await RawHttpClient.SendAsync(service.Root, half, isWhole: false, endsEarly: i % 2 == 0);
        }

        // The service writes the log after the response, and all of it before it ends.
        await service.StopAsync();
        service.Output[start..].ShouldNotContain(" ERR ");
    }

    [Fact]
    public async Task Health_tells_a_service_that_serves_from_one_that_does_not()
    {
        await using var service = await ServiceProcess.StartAsync(
            ("ConnectionStrings__IndustryData", database.ConnectionString)
        );
        var port = ("ASPNETCORE_HTTP_PORTS", $"{service.Root.Port}");

        // The command waits for five seconds at most. A machine that stalls may need a second attempt.
        var codes = new List<int>();
        while (codes.Count < 3 && !codes.Contains(0))
        {
            codes.Add((await ServiceProcess.RunAsync(["health"], port)).ExitCode);
        }

        codes[^1].ShouldBe(0);
        await service.StopAsync();
        (await ServiceProcess.RunAsync(["health"], port)).ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Migrate_applies_the_schema_once()
    {
        var own = await database.CreateDatabaseAsync();
        var setting = ("ConnectionStrings__IndustryData", own);

        (await ServiceProcess.RunAsync(["migrate"], setting)).Output.ShouldStartWith("Applied ");
        (await ServiceProcess.RunAsync(["migrate"], setting)).Output.ShouldStartWith("The schema is up to date.");
    }

    [Fact]
    public async Task Migrate_that_fails_says_so_and_why()
    {
        var own = await database.CreateDatabaseAsync();
        await TestDatabase.ExecuteAsync(own, "CREATE TABLE runs (id int)");

        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            ["migrate"],
            ("ConnectionStrings__IndustryData", own)
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain("could not be migrated: relation \"runs\" already exists");
        errors.ShouldNotContain("Correct the connection string");
        errors.TrimEnd().Split('\n').Last().ShouldStartWith("industrydata: ");
    }

    [Fact]
    public async Task Migrate_of_a_schema_from_before_the_first_version_says_what_to_do()
    {
        var own = await database.CreateDatabaseAsync();
        await TestDatabase.ExecuteAsync(
            own,
            """
            CREATE TABLE "__EFMigrationsHistory" ("MigrationId" text PRIMARY KEY, "ProductVersion" text NOT NULL);
            INSERT INTO "__EFMigrationsHistory" VALUES ('20261123172321_Initial', '10.0.15');
            """
        );

        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            ["migrate"],
            ("ConnectionStrings__IndustryData", own)
        );

        exitCode.ShouldBe(1);
        errors
            .Trim()
            .ShouldBe(
                "industrydata: The database has a schema from before version 0.1.0, which cannot be migrated. It was "
                    + "not changed. Export its runs with the version that made it, then start with a new, empty "
                    + "database."
            );
    }
}
