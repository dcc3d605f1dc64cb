namespace IndustryData.WebApi.Batch;

/// <summary>
/// The memory that the answers of one batch have together: a slow caller keeps it for as long as it takes them.
/// </summary>
internal sealed class ResponseMemoryBudget
{
    /// <summary>In bytes.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    private int _left = MaxBytes;

    /// <summary>Takes some, if there is so much.</summary>
    public bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _left, -bytes) >= 0)
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    /// <summary>Gives back what was taken.</summary>
    public void Release(int bytes) => Interlocked.Add(ref _left, bytes);
}
