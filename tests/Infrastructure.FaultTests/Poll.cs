using System.Diagnostics;

namespace IndustryData.Infrastructure.FaultTests;

/// <summary>Waits for conditions.</summary>
internal static class Poll
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(20);

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
}
