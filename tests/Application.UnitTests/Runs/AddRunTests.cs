using AutoMapper;
using FluentValidation;
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
            BlockingError = new PublicError("{}"),
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
    public async Task A_run_with_a_fault_of_form_alone_is_refused()
    {
        using var cases = new UseCases();

        (await Send(cases, Sample.Draft, ("color", "unknownProperty")))
            .Error.Shown()
            .ShouldBe(["unknownProperty color"]);
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public async Task Faults_of_form_and_of_meaning_are_told_together_each_member_once()
    {
        using var cases = new UseCases();
        var draft = Sample.Draft with { DisplayName = "", StartDateTime = null, Statistics = null };

        var error = (
            await Send(
                cases,
                draft,
                ("startDateTime", "invalidDateTimeOffset"),
                ("statistics/inboundTotals/errors", "invalidCount")
            )
        ).Error;

        error
            .Shown()
            .ShouldBe([
                "invalidDateTimeOffset startDateTime",
                "invalidCount statistics/inboundTotals/errors",
                "blank displayName",
            ]);
    }

    [Fact]
    public async Task The_faults_that_a_command_came_with_stay_as_they_were()
    {
        using var cases = new UseCases();
        var form = Sample.Faults(("color", "unknownProperty"));

        await cases.Sender.Send(
            new AddRunCommand(UseCases.Tenant, new RunDraft(), form),
            TestContext.Current.CancellationToken
        );

        form.Count.ShouldBe(1);
    }

    [Fact]
    public async Task It_is_the_registered_validator_that_adds_the_faults_of_meaning()
    {
        using var cases = new UseCases(services => services.RemoveAll<IValidator<AddRunCommand>>());

        (await Send(cases, new RunDraft(), ("color", "unknownProperty")))
            .Error.Shown()
            .ShouldBe(["unknownProperty color"]);
    }

    [Fact]
    public async Task Without_a_validator_the_domain_still_refuses()
    {
        using var cases = new UseCases(services => services.RemoveAll<IValidator<AddRunCommand>>());

        (await Send(cases, Sample.Draft with { Status = null })).Error.Shown().ShouldBe(["required status"]);
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
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
        var key = new IdempotencyKey("k", new byte[32], ReturnRepresentation: false);
        cases
            .Repository.AddIdempotentAsync(Arg.Any<Run>(), key, Arg.Any<CancellationToken>())
            .Returns(new IdempotentOutcome(first, ReturnRepresentation: true));
        cases
            .Reader.FindAsync(UseCases.Tenant, first, Arg.Any<CancellationToken>())
            .Returns(Sample.Response(first.Value));

        var answer = (
            await cases.Sender.Send(
                new AddRunCommand(UseCases.Tenant, Sample.Draft, [], key),
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
        var key = new IdempotencyKey("k", new byte[32], ReturnRepresentation: false);
        cases
            .Repository.AddIdempotentAsync(Arg.Any<Run>(), key, Arg.Any<CancellationToken>())
            .Returns(call => new IdempotentOutcome(call.Arg<Run>().Id, ReturnRepresentation: false));
        var command = new AddRunCommand(UseCases.Tenant, Sample.Draft, [], ReturnRepresentation: false);

        var added = await cases.Sender.Send(command, TestContext.Current.CancellationToken);
        var keyed = await cases.Sender.Send(command with { Key = key }, TestContext.Current.CancellationToken);

        added.Value.Run.ShouldBeNull();
        keyed.Value.Run.ShouldBeNull();
        mapper.ReceivedCalls().ShouldBeEmpty();
        await cases.Sender.Send(command with { ReturnRepresentation = true }, TestContext.Current.CancellationToken);
        mapper.ReceivedCalls().ShouldHaveSingleItem();
    }

    private static async Task<Result<AddedRun>> Send(
        UseCases cases,
        RunDraft draft,
        params (string Target, string Code)[] faults
    ) =>
        await cases.Sender.Send(
            new AddRunCommand(UseCases.Tenant, draft, Sample.Faults(faults)),
            TestContext.Current.CancellationToken
        );
}
