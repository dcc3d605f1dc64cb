using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;

namespace IndustryData.Application.UnitTests;

/// <summary>
/// The use cases as the service registers them, with substitutes for the database and the clock.
/// </summary>
internal sealed class UseCases : IDisposable
{
    public static readonly TenantId Tenant = new(new Guid("11111111-1111-4111-8111-111111111111"));
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 3, 30, 15, TimeSpan.Zero);

    private readonly ServiceProvider _services;
    private readonly IServiceScope _scope;

    /// <param name="change">Changes the registered services. If null, they are the same as in the service.</param>
    public UseCases(Action<IServiceCollection>? change = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(new FakeTimeProvider(Now));
        services.AddSingleton(Repository);
        services.AddSingleton(Reader);
        services.AddSingleton(Import);
        services.AddSingleton(Substitute.For<IRunArchive>());
        services.AddSingleton(Substitute.For<IDatabaseHealth>());
        services.AddSingleton(new StartRateLimitOptions());
        services.AddApplication(autoMapperLicenseKey: null);
        change?.Invoke(services);
        Reader
            .ReadChangeHorizonAsync(default, null, CancellationToken.None)
            .ReturnsForAnyArgs(
                new ChangeHorizon(
                    Guid.Empty,
                    Now,
                    From: 1,
                    LowWatermark: 1,
                    HighWatermark: 1,
                    LastChange: 0,
                    CursorIsValid: true
                )
            );
        Reader
            .ReadChangesAsync(default, null!, null!, 0, default, CancellationToken.None)
            .ReturnsForAnyArgs(AsyncEnumerable.Empty<RunChange>());
        Repository
            .StartAsync(null!, null, null!, CancellationToken.None)
            .ReturnsForAnyArgs(call => new Result<RunId>(call.Arg<Run>().Id));
        Import
            .AddAsync(default, null!, null!, default, CancellationToken.None)
            .ReturnsForAnyArgs(new Result<KeyedOutcome>(new KeyedOutcome(0, [])));
        _services = services.BuildServiceProvider(
            new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true }
        );
        _scope = _services.CreateScope();
    }

    public IRunRepository Repository { get; } = Substitute.For<IRunRepository>();

    public IRunReader Reader { get; } = Substitute.For<IRunReader>();

    public IRunImport Import { get; } = Substitute.For<IRunImport>();

    public ISender Sender => Get<ISender>();

    public T Get<T>()
        where T : notnull => _scope.ServiceProvider.GetRequiredService<T>();

    public void Dispose()
    {
        _scope.Dispose();
        _services.Dispose();
    }
}
