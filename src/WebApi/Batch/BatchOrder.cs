using IndustryData.Domain;

namespace IndustryData.WebApi.Batch;

/// <summary>
/// Determines the execution order of the requests of a batch. Each request follows the requests that it depends on.
/// </summary>
internal static class BatchOrder
{
    /// <summary>Sorts the requests and adds the validation errors of their ids and dependencies.</summary>
    /// <returns>Indexes in <paramref name="items"/>. The list is complete only if no error was found.</returns>
    public static IReadOnlyList<int> TopologicalSort(IReadOnlyList<BatchItem> items, ValidationErrors faults)
    {
        var positions = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < items.Count; i++)
        {
            if (!positions.TryAdd(items[i].Id, i))
            {
                faults.Add(
                    $"requests/{i}/id",
                    "duplicateId",
                    $"requests/{i}/id stands twice; ids must differ by more than their case."
                );
            }
        }

        for (var i = 0; i < items.Count; i++)
        {
            for (var d = 0; d < items[i].DependsOn.Count; d++)
            {
                CheckDependency(items[i], items[i].DependsOn[d], $"requests/{i}/dependsOn/{d}", positions, faults);
            }
        }

        return faults.Count > 0 ? [] : Sorted(items, positions, faults);
    }

    private static void CheckDependency(
        BatchItem item,
        string id,
        string path,
        Dictionary<string, int> positions,
        ValidationErrors faults
    )
    {
        if (id.Equals(item.Id, StringComparison.OrdinalIgnoreCase))
        {
            faults.Add(path, "dependsOnItself", $"{path} is the request itself; remove it.");
        }
        else if (!positions.ContainsKey(id))
        {
            faults.Add(path, "unknownId", $"{path} is no id of this batch.");
        }
    }

    private static List<int> Sorted(
        IReadOnlyList<BatchItem> items,
        Dictionary<string, int> positions,
        ValidationErrors faults
    )
    {
        var (sorted, waiting) = (new List<int>(), Enumerable.Range(0, items.Count).ToList());

        // Requests whose dependencies are sorted come first. A request that waits for a slow one must not precede them.
        while (
            waiting.Where(i => items[i].DependsOn.All(id => sorted.Contains(positions[id]))).ToList()
                is { Count: > 0 } ready
        )
        {
            sorted.AddRange(ready);
            waiting.RemoveAll(ready.Contains);
        }

        // The remaining requests depend on themselves, or on a request that depends on itself.
        foreach (var i in waiting)
        {
            faults.Add(
                $"requests/{i}/dependsOn",
                "cyclicDependency",
                $"requests/{i}/dependsOn leads back to the request itself, or to one that waits for itself; "
                    + "break the cycle."
            );
        }

        return sorted;
    }
}
