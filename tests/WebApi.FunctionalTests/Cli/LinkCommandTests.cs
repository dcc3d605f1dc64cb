using IndustryData.WebApi.Cli;
using IndustryData.WebApi.Security;
using Microsoft.IdentityModel.JsonWebTokens;

namespace IndustryData.WebApi.FunctionalTests.Cli;

public sealed class LinkCommandTests
{
    private static readonly TokenOptions _own = new() { SigningKeys = { Tokens.Key } };

    [Fact]
    public async Task Link_is_printed_alone_and_has_its_code_in_the_fragment()
    {
        var (exitCode, output, errors) = await ServiceProcess.RunAsync(
            ["link", "--tenant", Tokens.Tenant.ToString(), "--url", "https://ledger.example/beta/"],
            ("Authentication__SigningKeys__0", Tokens.Key),
            ("ConnectionStrings__IndustryData", "Host=nowhere.invalid;Database=x")
        );

        exitCode.ShouldBe(0, errors);
        var parts = output.TrimEnd().Split("#c=");
        parts[0].ShouldBe("https://ledger.example/beta/ui/sign-in");
        var code = new JsonWebToken(parts[1]);
        code.GetClaim("tid").Value.ShouldBe(Tokens.Tenant.ToString());
        (code.ValidTo - code.IssuedAt).ShouldBe(TimeSpan.FromMinutes(10));
        errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("--tenant")]
    [InlineData("--tenant", "x")]
    [InlineData("--url", "ledger.example")]
    [InlineData("--url", "ftp://ledger.example")]
    [InlineData("--url", "http://ledger.example/?a=b")]
    [InlineData("--days", "1")]
    public void Wrong_argument_is_refused(params string[] arguments) =>
        Should.Throw<StartupException>(() => Create(arguments, _own)).Message.ShouldMatch("usage: link|--url must be");

    [Fact]
    public void Service_without_own_keys_prints_no_link() =>
        Should.Throw<StartupException>(() => Create([], new TokenOptions())).Message.ShouldContain("no key of its own");

    /// <summary>The settings of <c>docker-compose.yml</c>. The link is printed when the service listens.</summary>
    [Fact]
    public async Task Service_prints_a_link_at_start_if_it_is_told_to()
    {
        using var service = ServiceProcess.StartCommand(
            ["serve"],
            ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
            ("Authentication__SigningKeys__0", Tokens.Key),
            ("ConnectionStrings__IndustryData", "Host=127.0.0.1;Port=1;Database=x;Username=x"),
            ("SignIn__Url", "https://ledger.example"),
            ("SignIn__PrintLink", "true")
        );
        service.ErrorDataReceived += static (_, _) => { };
        service.BeginErrorReadLine();
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            string? line;
            do
            {
                line = await service.StandardOutput.ReadLineAsync(timeout.Token);
            } while (line?.StartsWith("Sign in (once", StringComparison.Ordinal) == false);

            var parts = line.ShouldNotBeNull().Split("#c=");
            parts[0].ShouldEndWith(": https://ledger.example/ui/sign-in");
            new JsonWebToken(parts[1]).Audiences.ShouldBe([SignInLinks.Audience]);
        }
        finally
        {
            service.Kill();
            await service.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Service_without_own_keys_that_is_told_to_print_a_link_does_not_start()
    {
        var (exitCode, _, errors) = await ServiceProcess.RunAsync(
            ["serve"],
            ("ASPNETCORE_URLS", "http://127.0.0.1:0"),
            ("Authentication__Authorities__0__Authority", "https://login.example"),
            ("ConnectionStrings__IndustryData", "Host=127.0.0.1;Port=1;Database=x;Username=x"),
            ("SignIn__PrintLink", "true")
        );

        exitCode.ShouldBe(1);
        errors.ShouldContain("SignIn:PrintLink needs a key");
    }

    private static string Create(string[] arguments, TokenOptions options) =>
        LinkCommand.CreateLink(arguments, options, () => new Uri("http://localhost:5080"), TimeProvider.System);
}
