using System.Diagnostics;

namespace IndustryData.Benchmarks.Measuring;

/// <summary>What was used while something was measured: processors busy on average, and the most memory.</summary>
/// <param name="Program">Processors that the processes under test kept busy; null when there are none.</param>
/// <param name="Postgres">Processors that PostgreSQL kept busy.</param>
/// <param name="Generator">Processors that the load generator kept busy.</param>
/// <param name="Resident">The most megabytes of memory that the processes under test had; null without them.</param>
internal sealed record Usage(double? Program, double Postgres, double Generator, double? Resident);

/// <summary>Looks, from begin to end, at what is used.</summary>
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
            // The generator may have ended already; what it used then is known from the look before.
            if (ProcessUsage.Cpu(_generator) is > 0 and var cpu)
            {
                _generatorLast = (_watch.Elapsed.TotalSeconds, cpu);
            }

            _resident = Math.Max(_resident, _programs.Sum(ProcessUsage.ResidentMegabytes));
            await Task.Delay(_interval);
        }
    }
}
