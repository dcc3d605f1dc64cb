using System.Diagnostics;
using System.Globalization;

namespace IndustryData.WebApi.Cli;

/// <summary>The counts of an import, which are written to the standard error output once a second.</summary>
internal sealed class ImportProgress : IAsyncDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly PeriodicTimer _timer;
    private readonly Task _reports;
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly int _files;
    private long _lines;
    private long _added;
    private long _repeated;
    private long _skipped;
    private long _refused;
    private int _number;
    private volatile ImportFile? _file;

    /// <param name="files">The number of files.</param>
    /// <param name="clock">The clock.</param>
    public ImportProgress(int files, TimeProvider clock)
    {
        _files = files;
        _timer = new PeriodicTimer(_interval, clock);
        _reports = RunAsync();
    }

    /// <summary>The number of lines that are done.</summary>
    public long Lines => Volatile.Read(ref _lines);

    /// <summary>The number of lines that were refused.</summary>
    public long Refused => Volatile.Read(ref _refused);

    private double PerSecond =>
        (Lines - Volatile.Read(ref _skipped)) / Math.Max(0.001, Stopwatch.GetElapsedTime(_started).TotalSeconds);

    /// <summary>Begins the next file.</summary>
    public void Begin(ImportFile file)
    {
        _file = file;
        _number++;
    }

    /// <summary>Notes lines that are done.</summary>
    public void Add(int lines, int added, int repeated, int refused)
    {
        Interlocked.Add(ref _added, added);
        Interlocked.Add(ref _repeated, repeated);
        Interlocked.Add(ref _refused, refused);
        Interlocked.Add(ref _lines, lines);
    }

    /// <summary>Notes lines that an earlier import has done.</summary>
    public void Skip(int lines, int refused)
    {
        Interlocked.Add(ref _skipped, lines);
        Interlocked.Add(ref _refused, refused);
        Interlocked.Add(ref _lines, lines);
    }

    /// <summary>Returns the summary.</summary>
    public override string ToString()
    {
        var (skipped, repeated) = (Volatile.Read(ref _skipped), Volatile.Read(ref _repeated));
        return string.Create(
                CultureInfo.InvariantCulture,
                $"{Lines:N0} lines: {Volatile.Read(ref _added):N0} runs added, {Refused:N0} lines refused"
            )
            + (skipped > 0 ? string.Create(CultureInfo.InvariantCulture, $", {skipped:N0} lines done before") : "")
            + (repeated > 0 ? string.Create(CultureInfo.InvariantCulture, $", {repeated:N0} keys used before") : "")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"; {Stopwatch.GetElapsedTime(_started).TotalSeconds:N1} s, {PerSecond:N0} lines per second"
            );
    }

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _reports;
    }

    private async Task RunAsync()
    {
        while (await _timer.WaitForNextTickAsync())
        {
            if (_file is { } file)
            {
                await Console.Error.WriteLineAsync(Line(file));
            }
        }
    }

    private string Line(ImportFile file)
    {
        string share;
        try
        {
            share = file.Length is { } length
                ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * file.Position / Math.Max(1, length):F0} % of ")
                : "";
        }
        catch (ObjectDisposedException)
        {
            share = "";
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Lines:N0} lines, {PerSecond:N0} per second, {Refused:N0} refused; {share}{file.Name} "
                + $"({_number} of {_files})"
        );
    }
}
