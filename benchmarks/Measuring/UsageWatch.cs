using System.Diagnostics;

namespace IndustryData.Benchmarks.Measuring;

/// <summary>What was used while something was measured: processors busy on average, and the most memory.</summary>
/// <param name="Program">Processors that the program under test kept busy; null when there is none.</param>
/// <param name="Postgres">Processors that PostgreSQL kept busy.</param>
/// <param name="Generator">Processors that the load generator kept busy.</param>
/// <param name="Resident">The most megabytes of memory that the program under test had; null when there is none.</param>
internal sealed record Usage(double? Program, double Postgres, double Generator, double? Resident);

/// <summary>Looks, from begin to end, at what is used.</summary>
internal sealed class UsageWatch
{
    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(200);

    private readonly int? _program;
    private readonly int _postgres;
    private readonly int _generator;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly (double Program, double Postgres, double Generator) _first;
    private readonly Task _looking;
    private volatile bool _isEnding;
    private (double Seconds, double Cpu) _generatorLast;
    private double _resident;

    private UsageWatch(int? program, int postgres, int generator)
    {
        (_program, _postgres, _generator) = (program, postgres, generator);
        _first = (Cpu(program), ProcessUsage.CpuWithChildren(postgres), ProcessUsage.Cpu(generator));
        _looking = LookAsync();
    }

    public static UsageWatch Begin(int? program, int postgres, int generator) => new(program, postgres, generator);

    public async Task<Usage> EndAsync()
    {
        var seconds = _watch.Elapsed.TotalSeconds;
        var (program, postgres) = (Cpu(_program), ProcessUsage.CpuWithChildren(_postgres));
        _isEnding = true;
        await _looking;
        return new Usage(
            _program is null ? null : (program - _first.Program) / seconds,
            (postgres - _first.Postgres) / seconds,
            _generatorLast.Seconds > 0 ? (_generatorLast.Cpu - _first.Generator) / _generatorLast.Seconds : 0,
            _program is null ? null : _resident);
    }

    private static double Cpu(int? process) => process is { } id ? ProcessUsage.Cpu(id) : 0;

    private async Task LookAsync()
    {
        while (!_isEnding)
        {
            // The generator may have ended already; what it used then is known from the look before.
            if (ProcessUsage.Cpu(_generator) is > 0 and var cpu)
            {
                _generatorLast = (_watch.Elapsed.TotalSeconds, cpu);
            }

            if (_program is { } program)
            {
                _resident = Math.Max(_resident, ProcessUsage.ResidentMegabytes(program));
            }

            await Task.Delay(_interval);
        }
    }
}
