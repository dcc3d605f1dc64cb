using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Runs;

/// <summary>Tests of the use cases that find one run by its id.</summary>
public sealed class ReadRunTests
{
    private static readonly RunId _id = RunId.FromGuid(new Guid("019ab0c1-d2e3-7f45-8a6b-7c8d9e0f1a2b"));

    [Fact]
    public async Task GetRun_with_the_id_of_a_run_returns_the_run()
    {
        using var cases = new UseCases();
        var run = Sample.Response(_id.Value);
        cases.Reader.FindAsync(UseCases.Tenant, _id, TestContext.Current.CancellationToken).Returns(run);

        (await Send(cases, new GetRunQuery(UseCases.Tenant, _id))).Value.ShouldBeSameAs(run);
    }

    [Fact]
    public async Task Statistics_are_those_of_the_run()
    {
        using var cases = new UseCases();
        cases
            .Reader.FindAsync(UseCases.Tenant, _id, TestContext.Current.CancellationToken)
            .Returns(Sample.Response(_id.Value));

        (await Send(cases, new GetRunStatisticsQuery(UseCases.Tenant, _id))).Value.ShouldBe(
            new RunStatisticsResponse(_id.Value, "running", """{"a":1}""")
        );
    }

    [Fact]
    public async Task A_run_that_is_there_can_be_added_by_reference()
    {
        using var cases = new UseCases();
        cases.Reader.ExistsAsync(UseCases.Tenant, _id, TestContext.Current.CancellationToken).Returns(true);

        (await Send(cases, new AddRunReferenceCommand(UseCases.Tenant, _id))).Error.ShouldBeNull();
        cases.Repository.ReceivedCalls().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_that_is_not_there_is_not_found()
    {
        using var cases = new UseCases();
        cases
            .Reader.FindAsync(default, default, TestContext.Current.CancellationToken)
            .ReturnsForAnyArgs((RunResponse?)null);
        cases.Reader.ExistsAsync(default, default, TestContext.Current.CancellationToken).ReturnsForAnyArgs(false);

        (await Send(cases, new GetRunQuery(UseCases.Tenant, _id))).Error.ShouldBe(RunErrors.NotFound);
        (await Send(cases, new GetRunStatisticsQuery(UseCases.Tenant, _id))).Error.ShouldBe(RunErrors.NotFound);
        (await Send(cases, new AddRunReferenceCommand(UseCases.Tenant, _id))).Error.ShouldBe(RunErrors.NotFound);
        cases.Reader.ReceivedCalls().Count().ShouldBe(3);
    }

    private static async Task<Result<T>> Send<T>(UseCases cases, IQuery<Result<T>> query)
        where T : notnull => await cases.Sender.Send(query, TestContext.Current.CancellationToken);

    private static async Task<Result<Unit>> Send(UseCases cases, AddRunReferenceCommand command) =>
        await cases.Sender.Send(command, TestContext.Current.CancellationToken);
}
