using System.Globalization;

namespace IndustryData.Benchmarks.Simulating;

/// <summary>The settings of a simulation from the command line.</summary>
/// <param name="Runs">The number of runs of the day.</param>
/// <param name="Tenants">The number of tenants.</param>
/// <param name="Seconds">The duration of the slice in seconds.</param>
/// <param name="Speed">The factor by which the rates of the slice are higher than those of the day.</param>
/// <param name="Instances">The numbers of instances of the service. Each is simulated on its own.</param>
/// <param name="Folder">The directory of the PostgreSQL files. It determines the disk that is measured.</param>
internal sealed record SimulationSettings(
    long Runs,
    int Tenants,
    double Seconds,
    double Speed,
    IReadOnlyList<int> Instances,
    string Folder
)
{
    /// <summary>The option that asks for a simulation.</summary>
    public const string Option = "--simulate-day";

    private const int MaxInstances = 4;

    // Each arrival of the slice is kept in memory.
    private const double MaxArrivals = 10_000_000;

    /// <summary>The number of runs of the slice.</summary>
    public int Arrivals => (int)(Runs * Speed * Seconds / DayProfile.SecondsOfDay);

    /// <summary>Reads the command line, which begins with <see cref="Option"/>.</summary>
    /// <exception cref="BenchmarkException">An option is unknown, or its value is missing or invalid.</exception>
    public static SimulationSettings Read(IReadOnlyList<string> arguments)
    {
        var settings = new SimulationSettings(0, 10_000, 60, 1, [1], Path.GetTempPath());
        for (var i = 0; i < arguments.Count; i++)
        {
            var option = arguments[i];
            if (option == "--quick")
            {
                settings = settings with { Tenants = 50, Seconds = 3, Instances = [1, 2] };
                continue;
            }

            var value =
                ++i < arguments.Count
                    ? arguments[i]
                    : throw new BenchmarkException(
                        $"{option} is not an option, or its value is missing.\n{Settings.Usage}"
                    );
            settings = option switch
            {
                Option => settings with { Runs = (long)Number(option, value, 1_000_000, 1e12) },
                "--tenants" => settings with { Tenants = (int)Number(option, value, 1, 100_000) },
                "--seconds" => settings with { Seconds = Number(option, value, 1, 86_400) },
                "--speed" => settings with { Speed = Number(option, value, 0.01, 1000) },
                "--instances" => settings with
                {
                    Instances = [.. value.Split(',').Select(n => (int)Number(option, n, 1, MaxInstances))],
                },
                "--folder" => settings with { Folder = Path.GetFullPath(value) },
                _ => throw new BenchmarkException($"{option} is not an option of a simulation.\n{Settings.Usage}"),
            };
        }

        return settings.Runs * settings.Speed * settings.Seconds / DayProfile.SecondsOfDay is >= 1 and <= MaxArrivals
            ? settings
            : throw new BenchmarkException(
                $"The slice must have 1 to {MaxArrivals:N0} runs: change --seconds or --speed.\n{Settings.Usage}"
            );
    }

    private static double Number(string option, string value, double least, double most) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && number >= least
        && number <= most
            ? number
            : throw new BenchmarkException($"{option} must be {least:N0} to {most:N0}.\n{Settings.Usage}");
}
