namespace IndustryData.WebApi.FunctionalTests.Hosting;

/// <summary>The base class of tests that send HTTP requests to a service with an empty database.</summary>
public abstract class FunctionalTest(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    protected TestDatabase Database { get; } = database;

    protected RunningService Service { get; private set; } = null!;

    protected HttpClient Client => Service.Client;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Why the tests of the class do not apply to a distributed database; null if they do.</summary>
    protected virtual string? OnlyOnOneServer => null;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Database.IsDistributed && OnlyOnOneServer is not null, OnlyOnOneServer ?? "");
        await Database.EmptyAsync();
        Service = await RunningService.StartAsync(Database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (Service is not null)
        {
            await Service.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Adds a run and returns its URL.</summary>
    protected async Task<Uri> AddAsync(string body, HttpClient? client = null)
    {
        using var response = await (client ?? Client).PostAsync(
            "beta/process/runs/$ref",
            Bodies.Json(body),
            Cancellation
        );
        response.StatusCode.ShouldBe(
            System.Net.HttpStatusCode.NoContent,
            await response.Content.ReadAsStringAsync(Cancellation)
        );
        return response.Headers.Location!;
    }
}
