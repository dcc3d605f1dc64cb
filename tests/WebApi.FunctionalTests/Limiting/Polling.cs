using System.Diagnostics;

namespace IndustryData.WebApi.FunctionalTests.Limiting;

/// <summary>Waits for conditions.</summary>
internal static class Polling
{
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(30);

    /// <summary>Waits until a condition holds, for at most half a minute.</summary>
    public static Task UntilAsync(Func<bool> condition, string what) =>
        UntilAsync(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="UntilAsync(Func{bool}, string)" />
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var begin = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            (Stopwatch.GetElapsedTime(begin) < _timeout).ShouldBeTrue($"{what} did not happen");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
