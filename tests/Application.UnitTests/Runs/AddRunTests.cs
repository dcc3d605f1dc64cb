using AutoMapper;
using FluentValidation;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NSubstitute;
using NSubstitute.ExceptionExtensions;

namespace IndustryData.Application.UnitTests.Runs;

public sealed class AddRunTests
{
    [Fact]
    public async Task A_run_is_stored_once_and_answered_as_it_is_stored()
    {
        using var cases = new UseCases();
        Run? stored = null;
        await cases.Repository.AddAsync(Arg.Do<Run>(r => stored = r), TestContext.Current.CancellationToken);
        cases.Repository.ClearReceivedCalls();

        var answer = (await Send(cases, Sample.Draft)).Value;

        await cases.Repository.Received(1).AddAsync(Arg.Any<Run>(), TestContext.Current.CancellationToken);
        cases.Repository.ReceivedCalls().Count().ShouldBe(1);
        var run = stored.ShouldNotBeNull();
        run.TenantId.ShouldBe(UseCases.Tenant);
        run.CreatedDateTime.ShouldBe(UseCases.Now);
        answer.Id.ShouldBe(run.Id);
        answer.Run.ShouldBe(
            new RunResponse(
                run.Id.Value,
                "Nightly rostering",
                Sample.Draft.StartDateTime!.Value,
                Sample.Draft.EndDateTime,
                "failed",
                "{}",
                """{"code":"diskFull"}""",
                UseCases.Now,
                UseCases.Now,
                1
            )
        );
    }

    [Fact]
    public async Task What_a_run_does_not_have_is_answered_as_null()
    {
        using var cases = new UseCases();

        var answer = (
            await Send(
                cases,
                Sample.Draft with
                {
                    Status = RunStatus.Running,
                    EndDateTime = null,
                    BlockingError = null,
                }
            )
        )
            .Value
            .Run!;

        (answer.EndDateTime, answer.BlockingError).ShouldBe((null, null));
    }

    [Fact]
    public async Task A_run_that_breaks_rules_is_refused_with_all_of_them_and_not_stored()
    {
        using var cases = new UseCases();
        var draft = new RunDraft
        {
            DisplayName = " ",
            Status = RunStatus.Completed,
            StartDateTime = UseCases.Now,
            EndDateTime = UseCases.Now.AddTicks(-10),
            BlockingError = PublicError.Parse("{}"u8),
        };

        var error = (await Send(cases, draft)).Error;

        error!.Kind.ShouldBe(ErrorKind.Validation);
        error
            .Shown()
            .ShouldBe([
                "blank displayName",
                "endBeforeStart endDateTime",
                "required statistics",
                "unexpectedBlockingError blockingError",
            ]);
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_without_anything_misses_every_required_member()
    {
        using var cases = new UseCases();

        (await Send(cases, new RunDraft()))
            .Error.Shown()
            .ShouldBe([
                "required displayName",
                "required startDateTime",
                "required endDateTime",
                "required status",
                "required statistics",
            ]);
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public void A_message_that_is_not_sent_is_validated_by_the_same_rules()
    {
        using var cases = new UseCases();
        var validator = cases.Get<IMessageValidator<AddRunCommand>>();

        validator
            .Validate(new AddRunCommand(UseCases.Tenant, Sample.Draft with { DisplayName = "", Statistics = null }))
            .Select(e => $"{e.Code} {e.Target}")
            .ShouldBe(["blank displayName", "required statistics"]);
        validator.Validate(new AddRunCommand(UseCases.Tenant, Sample.Draft)).ShouldBeEmpty();
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_validator_the_domain_still_refuses()
    {
        using var cases = new UseCases(services => services.RemoveAll<IValidator<AddRunCommand>>());

        await Should.ThrowAsync<ArgumentException>(async () => await Send(cases, Sample.Draft with { Status = null }));
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
    }

    public static TheoryData<string, string> BadNames() =>
        new()
        {
            { "", "blank" },
            { " ", "blank" },
            { "\u0085\u00a0\u1680\u2000\u2028\u2029\u202f\u205f\u3000", "blank" },
            { new string(' ', 257), "blank" },
            { new string('a', 257), "tooLong" },
            { new string('\0', 257), "tooLong" },
            { "a\0b", "invalidCharacters" },
            { "\ud834", "invalidCharacters" },
            { "\udd1e\ud834", "invalidCharacters" },
        };

    // Test discovery sends the texts to the runner, and this does not preserve an unpaired surrogate.
    [Theory]
    [MemberData(nameof(BadNames), DisableDiscoveryEnumeration = true)]
    public async Task Invalid_name_is_refused_with_its_first_error(string name, string code)
    {
        using var cases = new UseCases();

        (await Send(cases, Sample.Draft with { DisplayName = name })).Error.Shown().ShouldBe([$"{code} displayName"]);
    }

    [Fact]
    public async Task The_error_of_a_long_name_says_how_long_it_is_and_may_be()
    {
        using var cases = new UseCases();

        (await Send(cases, Sample.Draft with { DisplayName = new string('a', 300) })).Error!.Message.ShouldBe(
            "displayName has 300 UTF-16 code units; shorten it to 256."
        );
    }

    [Fact]
    public async Task Required_values_are_named_with_what_they_may_be()
    {
        using var cases = new UseCases();

        var details = (await Send(cases, new RunDraft())).Error!.Details;

        RunStatus.All.ShouldAllBe(s => details.Single(d => d.Target == "status").Message.Contains(s.Name));
        details.Single(d => d.Target == "statistics").Message.ShouldContain("{}");
    }

    [Fact]
    public async Task Errors_of_activities_are_named_with_their_paths()
    {
        using var cases = new UseCases();
        var good = new ActivityDraft
        {
            Type = ActivityType.Inbound,
            DisplayName = new string('a', RunActivity.MaxDisplayNameLength),
            Status = ActivityStatus.Skipped,
        };
        var draft = Sample.Draft with
        {
            Activities =
            [
                good,
                good with
                {
                    DisplayName = good.DisplayName + "a",
                },
                good with
                {
                    DisplayName = null,
                    Status = null,
                },
            ],
        };

        (await Send(cases, draft))
            .Error.Shown()
            .ShouldBe([
                "tooLong activities/1/displayName",
                "required activities/2/displayName",
                "required activities/2/status",
            ]);
    }

    [Fact]
    public async Task Too_many_activities_are_one_error()
    {
        using var cases = new UseCases();
        var nameless = new ActivityDraft { Type = ActivityType.Inbound };

        (await Send(cases, Sample.Draft with { Activities = [.. Enumerable.Repeat(nameless, 1001)] }))
            .Error.Shown()
            .ShouldBe(["tooManyActivities activities"]);
    }

    [Fact]
    public async Task A_run_that_could_not_be_stored_is_not_answered()
    {
        using var cases = new UseCases();
        cases
            .Repository.AddAsync(Arg.Any<Run>(), Arg.Any<CancellationToken>())
            .ThrowsAsync(new InvalidTimeZoneException());

        await Should.ThrowAsync<InvalidTimeZoneException>(async () => await Send(cases, Sample.Draft));
    }

    [Fact]
    public async Task A_repeat_is_answered_with_the_run_of_the_first_request()
    {
        using var cases = new UseCases();
        var first = RunId.New(UseCases.Now);
        var key = new IdempotencyKey("k", new byte[32], IncludesRun: false);
        cases
            .Repository.AddIdempotentAsync(Arg.Any<Run>(), key, Arg.Any<CancellationToken>())
            .Returns(new IdempotentOutcome(first, IncludesRun: true));
        cases
            .Reader.FindAsync(UseCases.Tenant, first, Arg.Any<CancellationToken>())
            .Returns(Sample.Response(first.Value));

        var answer = (
            await cases.Sender.Send(
                new AddRunCommand(UseCases.Tenant, Sample.Draft, key),
                TestContext.Current.CancellationToken
            )
        ).Value;

        (answer.Id, answer.Run!.Id).ShouldBe((first, first.Value));
        await cases.Repository.DidNotReceiveWithAnyArgs().AddAsync(default!, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Run_that_the_caller_does_not_need_is_not_mapped()
    {
        var mapper = Substitute.For<IMapper>();
        using var cases = new UseCases(services => services.Replace(ServiceDescriptor.Singleton(mapper)));
        var key = new IdempotencyKey("k", new byte[32], IncludesRun: false);
        cases
            .Repository.AddIdempotentAsync(Arg.Any<Run>(), key, Arg.Any<CancellationToken>())
            .Returns(call => new IdempotentOutcome(call.Arg<Run>().Id, IncludesRun: false));
        var command = new AddRunCommand(UseCases.Tenant, Sample.Draft, IncludeRun: false);

        var added = await cases.Sender.Send(command, TestContext.Current.CancellationToken);
        var keyed = await cases.Sender.Send(command with { Key = key }, TestContext.Current.CancellationToken);

        added.Value.Run.ShouldBeNull();
        keyed.Value.Run.ShouldBeNull();
        mapper.ReceivedCalls().ShouldBeEmpty();
        await cases.Sender.Send(command with { IncludeRun = true }, TestContext.Current.CancellationToken);
        mapper.ReceivedCalls().ShouldHaveSingleItem();
    }

    private static async Task<Result<AddedRun>> Send(UseCases cases, RunDraft draft) =>
        await cases.Sender.Send(new AddRunCommand(UseCases.Tenant, draft), TestContext.Current.CancellationToken);
}
