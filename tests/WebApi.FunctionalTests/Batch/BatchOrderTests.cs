using IndustryData.Domain;
using IndustryData.WebApi.Batch;

namespace IndustryData.WebApi.FunctionalTests.Batch;

/// <summary>
/// Each request stands behind those that it depends on, and none behind one that waits longer than it has to itself.
/// </summary>
public sealed class BatchOrderTests
{
    [Fact]
    public void What_waits_for_nothing_comes_first()
    {
        BatchItem[] items = [new() { Id = "a" }, Waits("b", "A"), Waits("c", "b"), Waits("d", "e"), new() { Id = "e" }];
        var faults = new ValidationErrors();

        BatchOrder.TopologicalSort(items, faults).ShouldBe([0, 4, 1, 3, 2]);
        faults.ShouldBeEmpty();
    }

    private static BatchItem Waits(string id, string on) => new() { Id = id, DependsOn = [on] };
}
