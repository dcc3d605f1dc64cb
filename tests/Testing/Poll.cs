using System.Diagnostics;

namespace IndustryData.Testing;

/// <summary>Waits for conditions.</summary>
internal static class Poll
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _timeout = TimeSpan.FromMinutes(1);

    /// <summary>Waits until a condition holds.</summary>
    /// <returns>The duration of the wait.</returns>
    /// <exception cref="TimeoutException">The condition did not hold within the timeout.</exception>
    public static async Task<TimeSpan> UntilAsync(Func<Task<bool>> condition, TimeSpan timeout, string otherwise)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > timeout)
            {
                throw new TimeoutException($"{otherwise} ({timeout.TotalSeconds} s)");
            }

            await Task.Delay(_interval, TestContext.Current.CancellationToken);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <inheritdoc cref="UntilAsync(Func{Task{bool}}, TimeSpan, string)" />
    public static Task<TimeSpan> UntilAsync(Func<bool> condition, TimeSpan timeout, string otherwise) =>
        UntilAsync(() => Task.FromResult(condition()), timeout, otherwise);

    /// <summary>Waits until a condition holds, for at most a minute.</summary>
    /// <inheritdoc cref="UntilAsync(Func{Task{bool}}, TimeSpan, string)" />
    public static Task<TimeSpan> UntilAsync(Func<Task<bool>> condition, string what) =>
        UntilAsync(condition, _timeout, $"{what} did not happen");

    /// <inheritdoc cref="UntilAsync(Func{Task{bool}}, string)" />
    public static Task<TimeSpan> UntilAsync(Func<bool> condition, string what) =>
        UntilAsync(condition, _timeout, $"{what} did not happen");
}
