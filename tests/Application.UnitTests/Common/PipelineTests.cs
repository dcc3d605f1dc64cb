using System.Diagnostics;
using System.Reflection;
using AutoMapper;
using AutoMapper.Internal;
using FluentValidation;
using FluentValidation.Results;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.Extensions.DependencyInjection;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Common;

public sealed class PipelineTests
{
    private static readonly Type[] _messages =
    [
        .. typeof(ApplicationServiceCollectionExtensions)
            .Assembly.GetTypes()
            .Where(t => t.IsAssignableTo(typeof(IMessage))),
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

        await cases.Sender.Send(New(message), TestContext.Current.CancellationToken);

        spans.Ended.ShouldHaveSingleItem().OperationName.ShouldBe(message);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task Every_message_is_validated_before_its_handler_sees_it(string message)
    {
        using var cases = new UseCases(services => services.AddSingleton(typeof(IValidator<>), typeof(RefusesAll<>)));

        var answer = await cases.Sender.Send(New(message), TestContext.Current.CancellationToken);

        ErrorOf(answer).ShouldNotBeNull().Details.ShouldContain(f => f.Code == "refused");
        cases.Reader.ReceivedCalls().ShouldBeEmpty();
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refusal_is_traced_as_an_error_with_its_cause()
    {
        using var cases = new UseCases();
        using var spans = new Spans();

        await cases.Sender.Send(new GetRunQuery(UseCases.Tenant, "none"), TestContext.Current.CancellationToken);

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
            await cases.Sender.Send(new GetRunQuery(UseCases.Tenant, "none"), TestContext.Current.CancellationToken)
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
            var type when type == typeof(ActivityPatch) => new ActivityPatch(
                new ActivityDraft { Type = ActivityType.Inbound },
                ActivityPatchProperties.None
            ),
            var type when type == typeof(IdempotencyKey) => null,
            var type when type == typeof(RunCriteria) => RunCriteria.All,
            var type when type == typeof(KeysetCursor) || type == typeof(DeltaCursor) => null,
            var type when type == typeof(IReadOnlyList<RunOrderKey>) => RunOrderKey.NewestFirst,
            var type when type == typeof(RunPatch) => new RunPatch(new RunDraft(), RunPatchProperties.None),
            var type when type.GetConstructor(Type.EmptyTypes) is { } constructor => constructor.Invoke(null),
            var type => throw new NotSupportedException(
                $"{parameter.Member.DeclaringType} has a parameter of type {type}: add a placeholder for it here."
            ),
        };

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
}
