namespace IndustryData.WebApi.Http;

/// <summary>
/// Gives the heap that a burst of requests needed back to the operating system. After a burst little is allocated, so
/// the garbage collector has no reason to run by itself.
/// </summary>
/// <param name="budget">The memory of the requests in progress.</param>
internal sealed class HeapTrim(MemoryBudget budget)
{
    private const long MaxHeldBytes = 16L * 1024 * 1024;
    private const long MinGrowthBytes = 32L * 1024 * 1024;

    // Allocations of the load that goes on are collected in time without a compaction.
    private const int PeriodsOfLoad = 4;

    private long _allocatedBytes = GC.GetTotalAllocatedBytes();
    private long _trimmedBytes = Environment.WorkingSet;

    /// <summary>
    /// Compacts the heap if the process has grown since the last time by more than the present load explains. Requests
    /// wait for some 30 ms meanwhile. To be called at even intervals.
    /// </summary>
    public void Run()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var maxGrowth = MinGrowthBytes + (PeriodsOfLoad * (allocated - _allocatedBytes));
        _allocatedBytes = allocated;
        if (budget.HeldBytes < MaxHeldBytes && Environment.WorkingSet > _trimmedBytes + maxGrowth)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _trimmedBytes = Environment.WorkingSet;
        }
    }
}
