using IndustryData.Domain;

namespace IndustryData.WebApi.Batch;

/// <summary>In which order the requests of a batch can run: each after those that it depends on.</summary>
internal static class BatchOrder
{
    /// <summary>Orders the requests and adds what is wrong with their ids and dependencies.</summary>
    /// <returns>Positions in <paramref name="items"/>; all of them only when no fault was found.</returns>
    public static IReadOnlyList<int> TopologicalSort(IReadOnlyList<BatchItem> items, ValidationErrors faults)
    {
        var positions = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < items.Count; i++)
        {
            if (!positions.TryAdd(items[i].Id, i))
            {
                faults.Add($"requests/{i}/id", "duplicateId", $"requests/{i}/id stands twice; ids must differ by more than their case.");
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

    private static void CheckDependency(BatchItem item, string id, string path, Dictionary<string, int> positions, ValidationErrors faults)
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

    private static List<int> Sorted(IReadOnlyList<BatchItem> items, Dictionary<string, int> positions, ValidationErrors faults)
    {
        var (sorted, waiting) = (new List<int>(), Enumerable.Range(0, items.Count).ToList());

        // Those that wait for nothing first: what waits for a slow one must not stand before them.
        while (waiting.Where(i => items[i].DependsOn.All(id => sorted.Contains(positions[id]))).ToList() is { Count: > 0 } ready)
        {
            sorted.AddRange(ready);
            waiting.RemoveAll(ready.Contains);
        }

        // What is left waits for itself, or for what does.
        foreach (var i in waiting)
        {
            faults.Add($"requests/{i}/dependsOn", "cyclicDependency", $"requests/{i}/dependsOn leads back to the request itself, or to one that waits for itself; break the cycle.");
        }

        return sorted;
    }
}
