namespace IndustryData.WebApi.Http;

/// <summary>
/// Gives the heap that a burst of requests needed back to the operating system. After a burst little is allocated, so
/// the garbage collector has no reason to run by itself.
/// </summary>
/// <param name="budget">The memory of the requests in progress.</param>
internal sealed class HeapTrim(MemoryBudget budget)
{
    private const long MaxIdleCommittedBytes = 128L * 1024 * 1024;
    private const long MaxIdleHeldBytes = 16L * 1024 * 1024;
    private const long MaxIdleAllocatedBytes = 128L * 1024 * 1024;

    private long _allocatedBytes;
    private long _trimmedBytes;

    /// <summary>
    /// Compacts the heap if little was allocated since the last call and much more is committed than after the last
    /// compaction. Requests wait for some 50 ms meanwhile.
    /// </summary>
    public void Run()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var isIdle = allocated - _allocatedBytes < MaxIdleAllocatedBytes && budget.HeldBytes < MaxIdleHeldBytes;
        _allocatedBytes = allocated;
        if (isIdle && CommittedBytes() > Math.Max(MaxIdleCommittedBytes, _trimmedBytes * 3 / 2))
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            _trimmedBytes = CommittedBytes();
        }
    }

    private static long CommittedBytes() => GC.GetGCMemoryInfo(GCKind.Any).TotalCommittedBytes;
}
