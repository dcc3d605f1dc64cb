using IndustryData.Application.Common;
using IndustryData.WebApi.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.WebApi.FunctionalTests.Ui;

/// <summary>Tests the notice of a database whose clock is wrong.</summary>
public sealed class ClockDifferenceTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1 minute", "60 s")]
    [InlineData("-1 minute", "60 s")]
    [InlineData("2 seconds", null)]
    public async Task Pages_name_the_difference_of_the_clock_of_the_database(string difference, string? shown)
    {
        // The search path puts this function before that of PostgreSQL.
        await TestDatabase.ExecuteAsync(
            database.ConnectionString,
            $"""
            CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql
            RETURN pg_catalog.clock_timestamp() + interval '{difference}'
            """
        );
        await using var service = await RunningService.StartAsync(
            $"{database.ConnectionString};Search Path=public,pg_catalog"
        );
        var health = service.Services.GetRequiredService<IDatabaseHealth>();
        await Poll.UntilAsync(() => health.ClockDifference is not null, "The clock of the database");

        var html = await service.Client.GetStringAsync("ui/settings", Cancellation);

        if (shown is null)
        {
            html.ShouldNotContain("The clock of the database");
        }
        else
        {
            html.ShouldMatch($@"The clock of the database differs from the service by\s+{shown}");
        }
    }
}
