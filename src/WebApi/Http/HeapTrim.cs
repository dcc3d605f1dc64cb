namespace IndustryData.WebApi.Http;

/// <summary>
/// Returns heap memory to the operating system after a burst of requests. Few objects are allocated after a burst, so
/// the garbage collector has no reason to run by itself.
/// </summary>
/// <param name="budget">The memory budget of the requests in progress.</param>
internal sealed class HeapTrim(MemoryBudget budget)
{
    private const long MaxHeldBytes = 16L * 1024 * 1024;
    private const long MinGrowthBytes = 32L * 1024 * 1024;

    // The garbage collector frees the allocations of a continuing load in time, without a compaction.
    private const int PeriodsOfLoad = 4;

    private long _allocatedBytes = GC.GetTotalAllocatedBytes();
    private long _trimmedBytes = Environment.WorkingSet;

    /// <summary>
    /// Compacts the heap if the process has grown since the last compaction by more than the current load explains.
    /// Requests wait for about 30 ms meanwhile. Call this method at regular intervals.
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
