using AutoMapper;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Runs;

public sealed class UpdateRunTests
{
    private readonly Run _run = Run.Create(UseCases.Tenant, Sample.Draft, UseCases.Now);

    [Fact]
    public async Task Run_that_the_caller_needs_is_returned_with_its_version()
    {
        using var cases = new UseCases();

        var updated = (await SendAsync(cases, returnRepresentation: true)).Value;

        (updated.Version, updated.Run!.Id, updated.Run.Version).ShouldBe((1, _run.Id.Value, 1));
    }

    [Fact]
    public async Task Run_that_the_caller_does_not_need_is_not_mapped()
    {
        var mapper = Substitute.For<IMapper>();
        using var cases = new UseCases(services => services.Replace(ServiceDescriptor.Singleton(mapper)));

        var updated = (await SendAsync(cases, returnRepresentation: false)).Value;

        (updated.Version, updated.Run).ShouldBe((1, null));
        mapper.ReceivedCalls().ShouldBeEmpty();
        await SendAsync(cases, returnRepresentation: true);
        mapper.ReceivedCalls().ShouldHaveSingleItem();
    }

    private async Task<Result<UpdatedRun>> SendAsync(UseCases cases, bool returnRepresentation)
    {
        cases
            .Repository.UpdateAsync(default, default, 0, null!, CancellationToken.None)
            .ReturnsForAnyArgs(new Result<Run>(_run));
        return await cases.Sender.Send(
            new UpdateRunCommand(
                UseCases.Tenant,
                _run.Id,
                new RunPatch(new RunDraft(), RunPatchProperties.None),
                default,
                returnRepresentation
            ),
            TestContext.Current.CancellationToken
        );
    }
}
