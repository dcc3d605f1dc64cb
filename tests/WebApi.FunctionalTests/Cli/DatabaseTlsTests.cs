using IndustryData.WebApi.Cli;

namespace IndustryData.WebApi.FunctionalTests.Cli;

public sealed class DatabaseTlsTests
{
    [Theory]
    [InlineData("Host=db.example", true)]
    [InlineData("Host=10.0.0.5;SSL Mode=Require", true)]
    [InlineData("Host=db.example;SSL Mode=VerifyCA", true)]
    [InlineData("Host=db.example;SSL Mode=VerifyFull", false)]
    [InlineData("Host=localhost", false)]
    [InlineData("Host=localhost:5433", false)]
    [InlineData("Host=127.0.0.1", false)]
    [InlineData("Host=127.0.0.1:5433", false)]
    [InlineData("Host=::1", false)]
    [InlineData("Host=/run/postgresql", false)]
    [InlineData("Host=localhost,db.example", true)]
    public void Database_on_another_host_is_unverified_below_VerifyFull(string connectionString, bool isUnverified) =>
        ServeCommand.IsUnverified(connectionString).ShouldBe(isUnverified);

    [Fact]
    public async Task Service_warns_once_at_start_of_an_unverified_database()
    {
        // No server listens at the database address, so the service starts without its database. It ends because its
        // own port is in use.
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var (_, output, _) = await ServiceProcess.RunAsync(
            [],
            ("ASPNETCORE_URLS", $"http://127.0.0.1:{((System.Net.IPEndPoint)other.LocalEndpoint).Port}"),
            ("ConnectionStrings__IndustryData", "Host=database.invalid;Timeout=1"),
            ("Authentication__SigningKeys__0", Tokens.Key)
        );

        output.Split("SSL Mode=VerifyFull").Length.ShouldBe(2, output);
    }
}
