using IndustryData.Domain;
using IndustryData.WebApi.Batch;

namespace IndustryData.WebApi.FunctionalTests.Batch;

/// <summary>
/// Tests the order of the requests. Each request comes after the requests that it depends on. No request comes after
/// one that has to wait longer than itself.
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
