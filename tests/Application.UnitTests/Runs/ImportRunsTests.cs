using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using NSubstitute;

namespace IndustryData.Application.UnitTests.Runs;

public sealed class ImportRunsTests
{
    [Fact]
    public async Task Invalid_line_is_refused_with_its_number_and_the_others_are_stored()
    {
        using var cases = new UseCases();
        var stored = new List<Run>();
        var portion = default(ImportPortion);
        cases
            .Import.AddAsync(default, null!, null!, default, CancellationToken.None)
            .ReturnsForAnyArgs(call =>
            {
                stored.AddRange(call.Arg<IReadOnlyList<KeyedRun>>().Select(r => r.Run));
                portion = call.Arg<ImportPortion>();
                return new Result<KeyedOutcome>(new KeyedOutcome(0, []));
            });

        var outcome = await cases.Sender.Send(
            new ImportRunsCommand(
                UseCases.Tenant,
                [
                    new ImportLine(7, Sample.Draft),
                    new ImportLine(8, Sample.Draft with { Status = null }),
                    new ImportLine(10, Sample.Draft),
                ],
                new ImportPortion(Guid.Empty, Lines: 4, Unreadable: 1)
            ),
            TestContext.Current.CancellationToken
        );

        outcome.Value.Added.ShouldBe(2);
        var refused = outcome.Value.Refused.ShouldHaveSingleItem();
        (refused.Number, refused.Error.Code).ShouldBe((8, RunErrors.RequiredCode));
        stored.Count.ShouldBe(2);
        stored.ShouldAllBe(r => r.CreatedDateTime == UseCases.Now && r.Version == 1);
        portion.ShouldBe(new ImportPortion(Guid.Empty, Lines: 4, Unreadable: 2));
    }

    [Fact]
    public async Task Line_whose_key_was_used_for_another_line_is_refused()
    {
        using var cases = new UseCases();
        cases
            .Import.AddAsync(default, null!, null!, default, CancellationToken.None)
            .ReturnsForAnyArgs(new Result<KeyedOutcome>(new KeyedOutcome(Repeated: 1, Reused: [2])));

        var outcome = await cases.Sender.Send(
            new ImportRunsCommand(
                UseCases.Tenant,
                [.. Enumerable.Range(1, 3).Select(number => new ImportLine(number, Sample.Draft))],
                new ImportPortion(Guid.Empty, Lines: 3, Unreadable: 0)
            ),
            TestContext.Current.CancellationToken
        );

        (outcome.Value.Added, outcome.Value.Repeated).ShouldBe((1, 1));
        var refused = outcome.Value.Refused.ShouldHaveSingleItem();
        (refused.Number, refused.Error.Kind).ShouldBe((3, ErrorKind.IdempotencyKeyReused));
    }
}
