using System.Diagnostics;
using System.Reflection;
using AutoMapper;
using AutoMapper.Internal;
using FluentValidation;
using FluentValidation.Results;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Application.Runs.Live;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Common;

public sealed class PipelineTests
{
    private static readonly Type[] _messages =
    [
        .. typeof(ApplicationServiceCollectionExtensions)
            .Assembly.GetTypes()
            .Where(t => t.IsAssignableTo(typeof(IMessage)) || t.IsAssignableTo(typeof(IStreamMessage))),
    ];

    /// <summary>The names of all commands and queries.</summary>
    public static TheoryData<string> Messages() => [.. _messages.Select(m => m.Name)];

    public static TheoryData<string> Validators() =>
        [
            .. typeof(ApplicationServiceCollectionExtensions)
                .Assembly.GetTypes()
                .Where(t => t.IsAssignableTo(typeof(IValidator)) && !t.IsAbstract)
                .Select(v => v.FullName!),
        ];

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Every_message_is_traced(string message)
    {
        using var cases = new UseCases();
        using var spans = new Spans();
        var missing = RunErrors.NotFound;
        var cancellation = TestContext.Current.CancellationToken;
        cases.Repository.UpdateAsync(default, default, default, default!, cancellation).ReturnsForAnyArgs(missing);
        cases.Repository.DeleteAsync(default, default, default!, cancellation).ReturnsForAnyArgs(missing);
        cases
            .Repository.UpdateActivityAsync(default, default, default, default, default!, cancellation)
            .ReturnsForAnyArgs(missing);

        await SendAsync(cases, New(message));

        spans.Ended.ShouldHaveSingleItem().OperationName.ShouldBe(message);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Every_message_is_validated_before_its_handler_sees_it(string message)
    {
        using var cases = new UseCases(services => services.AddSingleton(typeof(IValidator<>), typeof(RefusesAll<>)));

        var error = await SendAsync(cases, New(message));

        error.ShouldNotBeNull().Details.ShouldContain(f => f.Code == "refused");
        cases.Reader.ReceivedCalls().ShouldBeEmpty();
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refusal_is_traced_as_an_error_with_its_cause()
    {
        using var cases = new UseCases();
        using var spans = new Spans();

        await cases.Sender.Send(
            new GetRunQuery(UseCases.Tenant, RunId.FromGuid(Guid.Empty)),
            TestContext.Current.CancellationToken
        );

        var span = spans.Ended.ShouldHaveSingleItem();
        (span.Status, span.StatusDescription).ShouldBe((ActivityStatusCode.Error, "runNotFound"));
    }

    [Fact]
    public async Task What_validation_refuses_is_traced_too()
    {
        using var cases = new UseCases();
        using var spans = new Spans();

        await cases.Sender.Send(
            new AddRunCommand(UseCases.Tenant, Sample.Draft with { Status = null }),
            TestContext.Current.CancellationToken
        );

        var span = spans.Ended.ShouldHaveSingleItem();
        (span.Status, span.StatusDescription).ShouldBe((ActivityStatusCode.Error, "required"));
    }

    [Fact]
    public async Task Exception_is_traced_as_an_error_with_its_type()
    {
        using var cases = new UseCases(services => services.AddSingleton(typeof(IValidator<>), typeof(Throws<>)));
        using var spans = new Spans();

        await Should.ThrowAsync<TimeoutException>(async () =>
            await cases.Sender.Send(
                new GetRunQuery(UseCases.Tenant, RunId.FromGuid(Guid.Empty)),
                TestContext.Current.CancellationToken
            )
        );

        var span = spans.Ended.ShouldHaveSingleItem();
        (span.Status, span.GetTagItem("error.type")).ShouldBe((ActivityStatusCode.Error, "System.TimeoutException"));
    }

    [Fact]
    public async Task A_success_is_traced_without_an_error()
    {
        using var cases = new UseCases();
        using var spans = new Spans();

        await cases.Sender.Send(
            new AddRunCommand(UseCases.Tenant, Sample.Draft),
            TestContext.Current.CancellationToken
        );

        spans.Ended.ShouldHaveSingleItem().Status.ShouldBe(ActivityStatusCode.Unset);
    }

    [Fact]
    public async Task Span_of_a_stream_includes_the_reading_of_every_row()
    {
        using var cases = new UseCases();
        using var spans = new Spans();
        var seen = new List<string?>();
        async IAsyncEnumerable<RunListItem> Rows()
        {
            foreach (var run in Sample.Items(3))
            {
                await Task.Yield();
                seen.Add(Activity.Current?.OperationName);
                yield return run;
            }
        }

        cases.Reader.ListAsync(null!, null, TestContext.Current.CancellationToken).ReturnsForAnyArgs(Rows());
        var query = new ListRunsQuery(UseCases.Tenant, RunCriteria.All, RunOrderKey.NewestFirst, PageSize: 10);
        await foreach (var _ in cases.Sender.CreateStream(query, TestContext.Current.CancellationToken))
        {
            spans.Ended.ShouldBeEmpty();
            Activity.Current!.OperationName.ShouldBe("test");
        }

        seen.ShouldBe([nameof(ListRunsQuery), nameof(ListRunsQuery), nameof(ListRunsQuery)]);
        var span = spans.Ended.ShouldHaveSingleItem();
        (span.Status, span.GetTagItem("db.response.returned_rows")).ShouldBe((ActivityStatusCode.Unset, 3L));
    }

    [Fact]
    public async Task Span_of_a_stream_ends_when_its_reader_stops()
    {
        using var cases = new UseCases();
        using var spans = new Spans();
        cases
            .Reader.ListAsync(null!, null, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs(Sample.Items(50).ToAsyncEnumerable());
        var query = new ListRunsQuery(UseCases.Tenant, RunCriteria.All, RunOrderKey.NewestFirst, PageSize: 40);
        var rows = 0;
        await foreach (var item in cases.Sender.CreateStream(query, TestContext.Current.CancellationToken))
        {
            rows += item.IsRow ? 1 : 0;
            if (rows == 2)
            {
                break;
            }
        }

        spans.Ended.ShouldHaveSingleItem().GetTagItem("db.response.returned_rows").ShouldBe(2L);
    }

    [Fact]
    public async Task Exception_after_the_first_row_is_traced_as_an_error_with_its_type()
    {
        using var cases = new UseCases();
        using var spans = new Spans();
        static async IAsyncEnumerable<RunListItem> Rows()
        {
            await Task.Yield();
            yield return Sample.Items(1)[0];
            throw new TimeoutException();
        }

        cases.Reader.ListAsync(null!, null, TestContext.Current.CancellationToken).ReturnsForAnyArgs(Rows());
        var query = new ListRunsQuery(UseCases.Tenant, RunCriteria.All, RunOrderKey.NewestFirst, PageSize: 10);

        await Should.ThrowAsync<TimeoutException>(async () => await SendAsync(cases, query));

        var span = spans.Ended.ShouldHaveSingleItem();
        (span.Status, span.GetTagItem("error.type")).ShouldBe((ActivityStatusCode.Error, "System.TimeoutException"));
    }

    [Fact]
    public async Task Log_line_of_a_stream_has_its_rows_and_its_duration()
    {
        var log = new PipelineLog();
        using var cases = new UseCases(services => services.AddSingleton<ILoggerFactory>(log));
        var clock = (FakeTimeProvider)cases.Get<TimeProvider>();
        async IAsyncEnumerable<RunListItem> Rows()
        {
            foreach (var run in Sample.Items(2))
            {
                await Task.Yield();
                clock.Advance(TimeSpan.FromSeconds(1));
                log.Lines.ShouldBeEmpty();
                yield return run;
            }
        }

        cases.Reader.ListAsync(null!, null, TestContext.Current.CancellationToken).ReturnsForAnyArgs(Rows());

        await SendAsync(
            cases,
            new ListRunsQuery(UseCases.Tenant, RunCriteria.All, RunOrderKey.NewestFirst, PageSize: 10)
        );

        log.Lines.ShouldBe(["ListRunsQuery done: 2 rows in 00:00:02"]);
    }

    [Theory]
    [MemberData(nameof(Validators))]
    public void Every_validator_is_registered(string validator)
    {
        var type = typeof(ApplicationServiceCollectionExtensions).Assembly.GetType(validator)!;
        var services = new ServiceCollection();
        services.AddApplication(autoMapperLicenseKey: null);

        services.ShouldContain(s =>
            s.ImplementationType == type
            && s.ServiceType.IsGenericType
            && s.ServiceType.GetGenericTypeDefinition() == typeof(IValidator<>)
        );
    }

    [Fact]
    public void Every_message_that_is_read_from_a_body_has_a_validator()
    {
        using var cases = new UseCases();

        Type[] reported = [typeof(RunDraft), typeof(RunPatch), typeof(ActivityDraft), typeof(ActivityPatch)];
        var read = _messages.Where(m => m.GetProperties().Any(p => reported.Contains(p.PropertyType))).ToList();

        read.ShouldNotBeEmpty();
        read.ShouldAllBe(m =>
            cases.Get<IServiceProviderIsService>().IsService(typeof(IValidator<>).MakeGenericType(m))
        );
    }

    [Fact]
    public void Every_map_is_complete()
    {
        using var cases = new UseCases();
        var maps = cases.Get<IConfigurationProvider>();

        maps.Internal().GetAllTypeMaps().ShouldNotBeEmpty();
        maps.AssertConfigurationIsValid();
    }

    /// <summary>Creates a message of the given type with placeholder arguments.</summary>
    private static object New(string message)
    {
        var constructor = _messages
            .Single(m => m.Name == message)
            .GetConstructors(BindingFlags.Public | BindingFlags.Instance)
            .Single();
        return constructor.Invoke([.. constructor.GetParameters().Select(MadeUp)]);
    }

    private static object? MadeUp(ParameterInfo parameter) =>
        parameter.ParameterType switch
        {
            { IsValueType: true } type => Activator.CreateInstance(type),
            var type when type == typeof(string) => "none",
            var type when type == typeof(IProgress<ArchiveProgress>) => null,
            var type when type == typeof(IReadOnlyList<ImportLine>) => Array.Empty<ImportLine>(),
            var type when type == typeof(IReadOnlyList<Guid>) => Array.Empty<Guid>(),
            var type when type == typeof(ImportPortion) => new ImportPortion(Guid.Empty, Lines: 0, Unreadable: 0),
            var type when type == typeof(IReadOnlyCollection<string>) => Array.Empty<string>(),
            var type when type == typeof(ActivityPatch) => new ActivityPatch(
                new ActivityDraft { Type = ActivityType.Inbound },
                ActivityPatchProperties.None
            ),
            var type when type == typeof(IdempotencyKey) => null,
            var type when type == typeof(RunCriteria) => RunCriteria.All,
            var type when type == typeof(KeysetCursor) || type == typeof(DeltaCursor) => null,
            var type when type == typeof(RunChangeQuery) => new RunChangeQuery(
                UseCases.Tenant,
                "none",
                RunCriteria.All,
                default,
                Substitute.For<IRunChangeEncoder>()
            ),
            var type when type == typeof(IReadOnlyList<RunOrderKey>) => RunOrderKey.NewestFirst,
            var type when type == typeof(RunPatch) => new RunPatch(new RunDraft(), RunPatchProperties.None),
            var type when type.GetConstructor(Type.EmptyTypes) is { } constructor => constructor.Invoke(null),
            var type => throw new NotSupportedException(
                $"{parameter.Member.DeclaringType} has a parameter of type {type}: add a placeholder for it here."
            ),
        };

    /// <summary>Sends a message, reads a stream to its end, and returns the error, if any.</summary>
    private static async Task<Error?> SendAsync(UseCases cases, object message)
    {
        if (message is not IStreamMessage)
        {
            return ErrorOf(await cases.Sender.Send(message, TestContext.Current.CancellationToken));
        }

        Error? error = null;
        await foreach (var item in cases.Sender.CreateStream(message, TestContext.Current.CancellationToken))
        {
            error ??= ErrorOf(item);
        }

        return error;
    }

    private static Error? ErrorOf(object? answer) =>
        (Error?)answer!.GetType().GetProperty(nameof(Result<>.Error))!.GetValue(answer);

    private sealed class Throws<T> : AbstractValidator<T>
    {
        public Throws() => RuleFor(m => m).Custom((_, _) => throw new TimeoutException());
    }

    private sealed class RefusesAll<T> : AbstractValidator<T>
    {
        public RefusesAll() =>
            RuleFor(m => m)
                .Custom(
                    (_, context) =>
                        context.AddFailure(new ValidationFailure("anything", "No.") { ErrorCode = "refused" })
                );
    }

    /// <summary>
    /// The spans of the source <c>IndustryData</c> that end in this test. Other tests run at the same time.
    /// </summary>
    private sealed class Spans : IDisposable
    {
        private readonly Activity _test = new Activity("test").Start();
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == "IndustryData",
                Sample = (ref _) => ActivitySamplingResult.AllData,
                ActivityStopped = span =>
                {
                    if (span.TraceId == _test.TraceId)
                    {
                        Ended.Add(span);
                    }
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public List<Activity> Ended { get; } = [];

        public void Dispose()
        {
            _listener.Dispose();
            _test.Dispose();
        }
    }

    /// <summary>Collects the log lines of the pipeline.</summary>
    private sealed class PipelineLog : ILoggerFactory
    {
        public LogLines<PipelineLog> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) =>
            categoryName.StartsWith("IndustryData.Application.Common", StringComparison.Ordinal)
                ? Lines
                : NullLogger.Instance;

        public void AddProvider(ILoggerProvider provider) { }

        public void Dispose() { }
    }
}
