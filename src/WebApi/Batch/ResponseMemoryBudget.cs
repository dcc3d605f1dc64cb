namespace IndustryData.WebApi.Batch;

/// <summary>
/// The memory budget that all responses of one batch share. A slow caller occupies this memory until it has read the
/// responses.
/// </summary>
internal sealed class ResponseMemoryBudget
{
    /// <summary>The size of the budget, in bytes.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private int _left = MaxBytes;

    /// <summary>Reserves memory if enough is left.</summary>
    /// <returns>Returns true if the memory was reserved.</returns>
    public bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _left, -bytes) >= 0)
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    /// <summary>Releases reserved memory.</summary>
    public void Release(int bytes) => Interlocked.Add(ref _left, bytes);
}
