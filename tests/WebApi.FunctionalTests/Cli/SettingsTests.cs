using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.Cli;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;
using Microsoft.Extensions.Configuration;

namespace IndustryData.WebApi.FunctionalTests.Cli;

public sealed class SettingsTests
{
    [Theory]
    [InlineData("Query:Timeout", "-00:00:05", "from 00:00:00.1 to 00:05:00")]
    [InlineData("Query:Timeout", "0", "00:00:05")]
    [InlineData("Query:Timeout", "5", "five seconds are 00:00:05")]
    [InlineData("Query:Timeout", "00:05:01", "from 00:00:00.1 to 00:05:00")]
    [InlineData("Query:Timeout", "soon", "a time span")]
    [InlineData("Commit:Timeout", "00:00:00.9", "from 00:00:01 to 00:05:00")]
    [InlineData("StartRateLimit:MaxStarts", "-1", "from 1 to 1000000")]
    [InlineData("StartRateLimit:MaxStarts", "0", "from 1 to 1000000")]
    [InlineData("StartRateLimit:MaxStarts", "many", "a whole number")]
    [InlineData("StartRateLimit:MaxStarts", "", "a whole number")]
    [InlineData("StartRateLimit:Window", "00:00:00", "to 30.00:00:00")]
    [InlineData("StartRateLimit:Window", "31.00:00:00", "to 30.00:00:00")]
    [InlineData("Retention:Months", "-1", "from 0 to 1200")]
    [InlineData("Retention:Months", "1201", "from 0 to 1200")]
    [InlineData("Partitions:Width", "year", "automatic, quarter, month, week, day")]
    [InlineData("Partitions:Width", "", "automatic, quarter, month, week, day")]
    [InlineData("Limits:RequestsPerSecond", "0", "from 1 to 1000000")]
    [InlineData("Limits:MemoryMegabytes", "63", "from 64 to 1000000")]
    [InlineData("Hsts:MaxAge", "365", "a time span from 00:00:00 to 3650.00:00:00")]
    [InlineData("Hsts:Preload", "yes", "true or false")]
    [InlineData("EmbeddedPostgres:Port", "65536", "from 1 to 65535")]
    [InlineData("Authentication:Authorities:0:RequireHttps", "no", "true or false")]
    [InlineData("ForwardedHeaders:Prefix", "yes", "true or false")]
    public void Setting_with_bad_value_is_refused_with_name_value_and_range(string name, string value, string range)
    {
        var refusal = Should.Throw<StartupException>(() => Settings.Check(Configuration(name, value)));

        refusal.Message.ShouldStartWith($"{name} is '{value}'");
        refusal.Message.ShouldContain(range);
    }

    [Theory]
    [InlineData("Retention:Month", "Retention has: Months")]
    [InlineData("Query:TimeOutSeconds", "Query has: Timeout")]
    [InlineData("StartRateLimit:MaxStart", "StartRateLimit has: MaxStarts, Window")]
    [InlineData("Commit:Limit", "Commit has: Timeout")]
    [InlineData("Limits:RequestPerSecond", "RequestsPerSecond")]
    [InlineData("ForwardedHeaders:KnownProxy", "ForwardedHeaders has: KnownProxies")]
    [InlineData("Authentication:SigningKey", "SigningKeys")]
    [InlineData("Authentication:Authorities:0:Tenant", "Tenants")]
    [InlineData("Authentication:Authorities:Authority", "Authentication:Authorities:0")]
    [InlineData("EmbeddedPostgres:BinDir", "BinDirectory")]
    [InlineData("Query:Timeout:Seconds", "Query:Timeout has a value")]
    public void Unknown_setting_is_refused_with_the_known_ones(string name, string known)
    {
        var refusal = Should.Throw<StartupException>(() => Settings.Check(Configuration(name, "36")));

        refusal.Message.ShouldStartWith($"{name} is not a setting");
        refusal.Message.ShouldContain(known);
    }

    [Theory]
    [InlineData("Authentication:SigningKeys", "Authentication:SigningKeys:0")]
    [InlineData("ForwardedHeaders:KnownProxies", "ForwardedHeaders:KnownProxies:0")]
    public void Value_in_place_of_list_or_section_is_refused_with_the_right_name(string name, string right) =>
        Should.Throw<StartupException>(() => Settings.Check(Configuration(name, "x"))).Message.ShouldContain(right);

    [Theory]
    [InlineData("COMMIT")]
    [InlineData("START")]
    [InlineData("QUERY")]
    [InlineData("LIMITS")]
    [InlineData("RETENTION")]
    [InlineData("HSTS")]
    public void Variable_of_another_program_named_like_a_section_is_ignored(string name)
    {
        var configuration = Configuration(name, "4f0c2b");

        Settings.Check(configuration);

        Settings.Read<LimitOptions>(configuration, "Limits").ShouldBe(new LimitOptions());
        Settings.Read<HstsSettings>(configuration, "Hsts").ShouldBe(new HstsSettings());
    }

    [Fact]
    public void Defaults_and_values_at_the_bounds_are_accepted()
    {
        Settings.Check(new ConfigurationBuilder().Build());
        foreach (
            var (name, value) in ((string, string)[])
                [
                    ("query:timeout", "00:00:00.1"),
                    ("Query:Timeout", "00:05:00"),
                    ("Commit:Timeout", "00:00:01"),
                    ("Retention:Months", "0"),
                    ("Retention:Months", "1200"),
                    ("Partitions:Width", "day"),
                    ("StartRateLimit:Window", "30.00:00:00"),
                    ("EmbeddedPostgres:Port", ""),
                    ("EmbeddedPostgres:OsUser", ""),
                    ("Authentication:SigningKeys:0", "x"),
                ]
        )
        {
            Settings.Check(Configuration(name, value));
        }
    }

    [Fact]
    public void Values_are_bound()
    {
        Settings
            .Read<ReadTimeoutOptions>(Configuration("Query:Timeout", "00:00:07"), "Query")
            .Timeout.ShouldBe(TimeSpan.FromSeconds(7));
        Settings
            .Read<CommitOptions>(Configuration("Commit:Timeout", "00:00:02"), "Commit")
            .Timeout.ShouldBe(TimeSpan.FromSeconds(2));
        Settings
            .Read<CommitOptions>(Configuration("Query:Timeout", "00:00:07"), "Commit")
            .Timeout.ShouldBe(TimeSpan.FromSeconds(30));
        Settings.Read<RetentionOptions>(Configuration("Retention:Months", "36"), "Retention").Months.ShouldBe(36);
        Settings
            .Read<ForwardingOptions>(Configuration("ForwardedHeaders:KnownProxies:0", "10.0.0.0/8"), "ForwardedHeaders")
            .KnownProxies.ShouldBe(["10.0.0.0/8"]);
        Settings
            .Read<EmbeddedPostgresOptions>(Configuration("EmbeddedPostgres:Port", "5432"), "EmbeddedPostgres")
            .Port.ShouldBe(5432);
        Settings
            .Read<TokenOptions>(Configuration("Authentication:Authorities:0:RequireHttps", "false"), "Authentication")
            .Authorities[0]
            .RequireHttps.ShouldBeFalse();
    }

    private static IConfiguration Configuration(string name, string value) =>
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(name, (string?)value)]).Build();
}
