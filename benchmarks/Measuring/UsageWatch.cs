using System.Diagnostics;

namespace IndustryData.Benchmarks.Measuring;

/// <summary>The resource usage during a measurement.</summary>
/// <param name="Program">
/// The average number of processors that the processes under test used, or null if there are no such processes.
/// </param>
/// <param name="Postgres">The average number of processors that PostgreSQL used.</param>
/// <param name="Generator">The average number of processors that the load generator used.</param>
/// <param name="Resident">
/// The maximum memory of the processes under test in megabytes, or null if there are no such processes.
/// </param>
internal sealed record Usage(double? Program, double Postgres, double Generator, double? Resident);

/// <summary>Samples the resource usage during a measurement.</summary>
internal sealed class UsageWatch
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(200);

    private readonly IReadOnlyList<int> _programs;
    private readonly int _postgres;
    private readonly int _generator;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly (double Program, double Postgres, double Generator) _first;
    private readonly Task _looking;
    private volatile bool _isEnding;
    private (double Seconds, double Cpu) _generatorLast;
    private double _resident;

    private UsageWatch(IReadOnlyList<int> programs, int postgres, int generator)
    {
        (_programs, _postgres, _generator) = (programs, postgres, generator);
        _first = (programs.Sum(ProcessUsage.Cpu), ProcessUsage.CpuWithChildren(postgres), ProcessUsage.Cpu(generator));
        _looking = LookAsync();
    }

    public static UsageWatch Begin(IReadOnlyList<int> programs, int postgres, int generator) =>
        new(programs, postgres, generator);

    public async Task<Usage> EndAsync()
    {
        var seconds = _watch.Elapsed.TotalSeconds;
        var (program, postgres) = (_programs.Sum(ProcessUsage.Cpu), ProcessUsage.CpuWithChildren(_postgres));
        _isEnding = true;
        await _looking;
        return new Usage(
            _programs.Count == 0 ? null : (program - _first.Program) / seconds,
            (postgres - _first.Postgres) / seconds,
            _generatorLast.Seconds > 0 ? (_generatorLast.Cpu - _first.Generator) / _generatorLast.Seconds : 0,
            _programs.Count == 0 ? null : _resident
        );
    }

    private async Task LookAsync()
    {
        while (!_isEnding)
        {
            // The generator can have ended already. Its usage is then known from the previous sample.
            if (ProcessUsage.Cpu(_generator) is > 0 and var cpu)
            {
                _generatorLast = (_watch.Elapsed.TotalSeconds, cpu);
            }

            _resident = Math.Max(_resident, _programs.Sum(ProcessUsage.ResidentMegabytes));
            await Task.Delay(_interval);
        }
    }
}
