using System.Diagnostics;
using System.Net;
using System.Runtime.Versioning;
using IndustryData.WebApi.Cli;
using IndustryData.WebApi.FunctionalTests.Hosting;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>Tests of where secrets come from, and of those that are refused.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SecretTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Root => Repository.Root;

    [Theory]
    [InlineData("serve")]
    [InlineData("token")]
    [InlineData("migrate")]
    public async Task Command_with_example_key_ends_with_a_line_that_names_the_setting(string command)
    {
        var (exitCode, output, errors) = await RunAsync(
            [command],
            ("Authentication__SigningKeys__0", SigningKeys.Example)
        );

        exitCode.ShouldBe(1);
        output.ShouldBeEmpty();
        errors.ShouldContain("Authentication:SigningKeys");
        errors.ShouldContain("scripts/make-env");
        errors.TrimEnd().ShouldNotContain('\n');
        errors.ShouldNotContain(SigningKeys.Example);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Command_with_example_password_ends_with_a_line_that_names_the_setting(bool isInConnectionString)
    {
        const string database = "Host=127.0.0.1;Port=1;Database=x;Username=x";
        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            ["migrate"],
            (
                "ConnectionStrings__IndustryData",
                isInConnectionString ? $"{database};Password={ExampleSecrets.Password}" : database
            ),
            ("PGPASSWORD", ExampleSecrets.Password),
            ("Authentication__SigningKeys__0", Tokens.Key)
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain("example password");
        errors.TrimEnd().ShouldNotContain('\n');
        errors.ShouldNotContain(ExampleSecrets.Password);
    }

    [Fact]
    public async Task Command_with_example_key_and_the_switch_works()
    {
        var (exitCode, output, _) = await RunAsync(
            ["token"],
            ("Authentication__SigningKeys__0", SigningKeys.Example),
            (ExampleSecrets.Switch, "true")
        );

        exitCode.ShouldBe(0);
        output.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Switch_for_example_secrets_that_is_no_boolean_is_refused()
    {
        var (exitCode, _, errors) = await RunAsync(["token"], (ExampleSecrets.Switch, "yes"));

        exitCode.ShouldBe(1);
        errors.ShouldContain($"{ExampleSecrets.Switch} is 'yes', but must be true or false");
    }

    [Fact]
    public void Example_file_has_the_secrets_that_are_refused()
    {
        var example = File.ReadAllLines(Path.Combine(Root, ".env.example"));

        example.ShouldContain($"SIGNING_KEY={SigningKeys.Example}");
        example.ShouldContain($"OWNER_PASSWORD={ExampleSecrets.Password}");
    }

    [Fact]
    public async Task Key_from_a_file_signs_tokens_that_the_service_accepts()
    {
        var (exitCode, token, errors) = await RunAsync(
            ["token"],
            ("Authentication__SigningKeys__0__File", WriteKey(Tokens.Key + "\n", UserOnly)),
            ("Authentication__SigningKeys__0", "")
        );

        exitCode.ShouldBe(0, errors);
        await using var service = await RunningService.StartAsync(database.ConnectionString);
        using var client = service.Authorized(token.Trim());
        (await client.GetAsync("process/runs", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Connection_string_from_a_file_is_used()
    {
        var path = WriteKey("Host=127.0.0.1;Username=x", UserOnly);
        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            ["psql"],
            ("ConnectionStrings__IndustryData__File", path),
            ("Authentication__SigningKeys__0", Tokens.Key)
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain("ConnectionStrings:IndustryData names another server");
    }

    [Theory]
    [InlineData(UnixFileMode.OtherRead, "other accounts can read or change")]
    [InlineData(UnixFileMode.OtherWrite, "other accounts can read or change")]
    [InlineData(UnixFileMode.GroupWrite, "other accounts can read or change")]
    public async Task Secret_in_a_file_that_is_open_to_others_is_refused(UnixFileMode mode, string message)
    {
        var path = WriteKey(Tokens.Key, UserOnly | mode);

        (await RefusalAsync(path)).ShouldContain(message);
    }

    [Fact]
    public async Task Secret_in_a_file_that_the_group_may_read_is_accepted()
    {
        var path = WriteKey(Tokens.Key, UserOnly | UnixFileMode.GroupRead);
        var (exitCode, _, errors) = await RunAsync(
            ["token"],
            ("Authentication__SigningKeys__0__File", path),
            ("Authentication__SigningKeys__0", "")
        );

        exitCode.ShouldBe(0, errors);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData(null, "cannot be read")]
    public async Task Secret_file_without_a_secret_is_refused(string? content, string message)
    {
        var path = content is null ? Path.Combine(_directory.Path, "none") : WriteKey(content, UserOnly);

        (await RefusalAsync(path)).ShouldContain(message);
    }

    [Fact]
    public async Task Secret_of_a_client_in_a_file_that_is_open_to_others_is_refused()
    {
        var path = WriteKey(IdentityProvider.ClientSecret, UserOnly | UnixFileMode.OtherRead);
        var (exitCode, _, errors) = await RunAsync(
            ["token"],
            ("Authentication__Authorities__0__Authority", "https://login.example"),
            ("Authentication__Authorities__0__ClientSecret__File", path)
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain("Authentication:Authorities:0:ClientSecret:File: other accounts can read");
    }

    [Fact]
    public async Task Secret_that_is_set_twice_is_refused() =>
        (await RefusalAsync(WriteKey(Tokens.Key, UserOnly), Tokens.Key)).ShouldContain("both set");

    [Fact]
    public async Task Make_env_writes_new_secrets_once_and_for_this_account_only()
    {
        var (one, two) = (Path.Combine(_directory.Path, "one"), Path.Combine(_directory.Path, "two"));

        (await MakeEnvAsync(one)).ShouldBe(0);
        (await MakeEnvAsync(two)).ShouldBe(0);

        var (first, second) = (Read(one), Read(two));
        File.GetUnixFileMode(one).ShouldBe(UserOnly);
        foreach (var name in (string[])["SIGNING_KEY", "POSTGRES_PASSWORD", "OWNER_PASSWORD"])
        {
            first[name].ShouldNotBe(second[name]);
            first[name].ShouldNotBe(Read(Path.Combine(Root, ".env.example"))[name]);
            first[name].ShouldMatch("^[0-9A-Za-z+/]{48,}$");
        }

        Convert.FromBase64String(first["SIGNING_KEY"]).Length.ShouldBe(48);
        first["OWNER_PASSWORD"].ShouldNotBe(first["POSTGRES_PASSWORD"]);
        first["INDUSTRYDATA_PORT"].ShouldBe("5080");

        var before = await File.ReadAllTextAsync(one, Cancellation);
        (await MakeEnvAsync(one)).ShouldBe(1);
        (await File.ReadAllTextAsync(one, Cancellation)).ShouldBe(before);
    }

    public void Dispose() => _directory.Dispose();

    private const UnixFileMode UserOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private string WriteKey(string content, UnixFileMode mode)
    {
        var path = Path.Combine(_directory.Path, "secret");
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, mode);
        return path;
    }

    private async Task<string> RefusalAsync(string path, string key = "")
    {
        var (exitCode, _, errors) = await RunAsync(
            ["token"],
            ("Authentication__SigningKeys__0__File", path),
            ("Authentication__SigningKeys__0", key)
        );
        exitCode.ShouldBe(1);
        errors.ShouldContain("Authentication:SigningKeys:0:File");
        errors.TrimEnd().ShouldNotContain('\n');
        errors.ShouldNotContain(Tokens.Key);
        return errors;
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string[] arguments,
        params (string, string)[] settings
    ) =>
        ServiceProcess.RunAsync(
            arguments,
            [
                ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
                ("ConnectionStrings__IndustryData", database.ConnectionString),
                ("Authentication__SigningKeys__0", Tokens.Key),
                .. settings,
            ]
        );

    private static async Task<int> MakeEnvAsync(string path)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Root, "scripts", "make-env"), path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var script = Process.Start(start)!;
        await script.WaitForExitAsync(Cancellation);
        return script.ExitCode;
    }

    private static Dictionary<string, string> Read(string path) =>
        File.ReadAllLines(path)
            .Where(line => line.Contains('=') && !line.StartsWith('#'))
            .ToDictionary(line => line.Split('=', 2)[0], line => line.Split('=', 2)[1]);
}
