namespace IndustryData.WebApi.Http;

/// <summary>
/// Selects which of many equal refusals are written: one per second for each caller and error. Thread-safe.
/// </summary>
internal sealed class RepeatedRefusals(TimeProvider clock)
{
    private const int MaxCallers = 10_000;

    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string? Caller, string? Error), (long WrittenAt, int Repeated)> _refusals = [];

    /// <summary>Decides whether a refusal is written.</summary>
    /// <param name="refusal">The caller and the code of the error.</param>
    /// <param name="repeated">The number of equal refusals that were not written since the last one.</param>
    /// <returns>Returns true if the refusal is written.</returns>
    public bool TryTake((string? Caller, string? Error) refusal, out int repeated)
    {
        repeated = 0;
        lock (_lock)
        {
            if (_refusals.TryGetValue(refusal, out var last))
            {
                if (clock.GetElapsedTime(last.WrittenAt) < _interval)
                {
                    _refusals[refusal] = last with { Repeated = last.Repeated + 1 };
                    return false;
                }

                repeated = last.Repeated;
            }
            else if (_refusals.Count == MaxCallers)
            {
                // So many callers at a time are rare. Their counts are lost.
                _refusals.Clear();
            }

            _refusals[refusal] = (clock.GetTimestamp(), 0);
            return true;
        }
    }
}
