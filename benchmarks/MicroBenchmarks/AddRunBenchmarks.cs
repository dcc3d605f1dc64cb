using System.Text;
using System.Text.Json;
using AutoMapper;
using BenchmarkDotNet.Attributes;
using FluentValidation;
using IndustryData.Application;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Benchmarks.Loading;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Runs;
using Mediator;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Benchmarks.MicroBenchmarks;

/// <summary>
/// Measures the steps from the request body of a run to the repository separately. The repository stores nothing.
/// </summary>
[MemoryDiagnoser]
public class AddRunBenchmarks : IDisposable
{
    private static readonly TenantId _tenant = new(Guid.NewGuid());

    private readonly byte[] _body = Encoding.UTF8.GetBytes(SampleRun.Of(1, DateTimeOffset.UtcNow).Body);
    private readonly byte[] _scanned;
    private readonly ServiceProvider _services;
    private readonly IValidator<AddRunCommand> _validator;
    private readonly IMapper _mapper;
    private readonly AddRunCommand _command;
    private readonly Run _run;

    public AddRunBenchmarks()
    {
        _scanned = [.. _body];
        _services = new ServiceCollection()
            .AddApplication(null)
            .AddLogging()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<IRunRepository, NoRepository>()
            .AddSingleton<IRunReader>(_ => null!)
            .AddSingleton<StartRateLimitOptions>()
            .BuildServiceProvider();
        _validator = _services.GetRequiredService<IValidator<AddRunCommand>>();
        _mapper = _services.GetRequiredService<IMapper>();
        _command = new AddRunCommand(_tenant, ReadDraft());
        _run = Run.Create(_tenant, _command.Run, DateTimeOffset.UtcNow);
    }

    /// <summary>Reads the draft from UTF-8, with all checks of the body.</summary>
    [Benchmark]
    public RunDraft Parse() => ReadDraft();

    [Benchmark]
    public bool Validate() => _validator.Validate(_command).IsValid;

    /// <summary>Creates the aggregate.</summary>
    [Benchmark]
    public Run Add() => Run.Create(_tenant, _command.Run, DateTimeOffset.UnixEpoch);

    [Benchmark]
    public object Map() => _mapper.Map<RunResponse>(_run);

    /// <summary>
    /// Creates a scope and runs the pipeline and the handler, including validation, the aggregate and the mapping.
    /// </summary>
    [Benchmark]
    public async Task<bool> Send()
    {
        await using var scope = _services.CreateAsyncScope();
        return (await scope.ServiceProvider.GetRequiredService<ISender>().Send(_command)).TryGetValue(out _, out _);
    }

    public void Dispose()
    {
        _services.Dispose();
        GC.SuppressFinalize(this);
    }

    private RunDraft ReadDraft()
    {
        var faults = new ValidationErrors();
        _body.CopyTo(_scanned, 0);
        JsonValidator.Validate(_scanned, faults);
        using var document = JsonDocument.Parse(_scanned);
        return RunJsonReader.Read(document.RootElement, faults);
    }

    private sealed class NoRepository : IRunRepository
    {
        public Task AddAsync(Run run, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<Result<IdempotentOutcome>> AddIdempotentAsync(
            Run run,
            IdempotencyKey key,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<Result<Run>> UpdateAsync(
            TenantId tenantId,
            RunId id,
            long size,
            Func<Run, Error?> change,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<Result<RunActivity>> AddActivityAsync(
            TenantId tenantId,
            RunId id,
            IdempotencyKey? key,
            DateTimeOffset now,
            long size,
            Func<Run, int, Result<RunActivity>> add,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<Result<RunActivity>> UpdateActivityAsync(
            TenantId tenantId,
            RunId id,
            ActivityId activityId,
            long size,
            Func<Run, RunActivity, Error?> change,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<Result<Run>> DeleteAsync(
            TenantId tenantId,
            RunId id,
            Func<Run, Error?> refuse,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public Task<Result<RunId>> StartAsync(
            Run run,
            IdempotencyKey? key,
            StartRateLimit limit,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();
    }
}
