using System.Globalization;

namespace IndustryData.Benchmarks;

/// <summary>The settings from the command line.</summary>
/// <param name="Rows">The number of runs that are loaded before reads are measured.</param>
/// <param name="Seconds">The duration of each measurement in seconds, without the warm-up.</param>
/// <param name="WarmUpSeconds">The duration of the warm-up before each measurement in seconds.</param>
/// <param name="FirstWarmUps">The factor by which the first warm-up of each contender is longer.</param>
/// <param name="Alternations">The number of turns that each contender of a comparison takes.</param>
/// <param name="Only">
/// The comparisons to make. If empty, the default comparisons are made, or all if <paramref name="All"/> is set.
/// </param>
/// <param name="All">True to make also the comparisons that are not made by default.</param>
/// <param name="BaselineCheckout">The checkout of the version to compare with, or null if there is none.</param>
/// <param name="ServicesOnly">
/// True to compare only the service and the service before. Without the other contenders, there is time for many more
/// turns, which a small difference needs.
/// </param>
/// <param name="Folder">The directory of the PostgreSQL files. It determines the disk that is measured.</param>
internal sealed record Settings(
    int Rows,
    double Seconds,
    double WarmUpSeconds,
    int FirstWarmUps,
    int Alternations,
    IReadOnlyList<string> Only,
    bool All,
    string? BaselineCheckout,
    bool ServicesOnly,
    string Folder
)
{
    /// <summary>
    /// The minimum duration of a meaningful measurement in seconds. During a shorter measurement, the JIT compiler is
    /// still at work.
    /// </summary>
    public const double LeastTelling = 5;

    public const string Usage = """
        dotnet run -c Release --project benchmarks -- [options]
          --rows N            number of runs to load before reads are measured, 2000 or more (1000000)
          --seconds S         duration of each measurement in seconds (10)
          --warm-up S         duration of the warm-up before each measurement in seconds (2)
          --alternations N    number of turns of each contender (5)
          --only NAME[,NAME]  comparisons to make: write, write-one, batch, live, list, get, page, count, pages,
                              write-full, write-keyed, two-services
          --all               make also write-keyed and two-services, which are otherwise made only with --only
          --baseline-checkout PATH
                              checkout of another version of this repository, such as a git worktree; its service is
                              published and compared too, as "service before", on its own databases
          --services-only     compare only the service and the service before; then take many turns
                              (--alternations 30), because one turn varies by a third with the same code
          --folder PATH       directory for the PostgreSQL files, on the disk to measure (the temporary directory of
                              the system)
          --quick             check that everything works, in 1½ minutes, with --all; the figures mean nothing
        dotnet run -c Release --project benchmarks -- --simulate-day RUNS [options]
          --tenants N         number of tenants (10000)
          --seconds S         duration of the slice that is replayed (60)
          --speed N           factor by which its rates are higher than those of the day (1)
          --instances N[,N]   numbers of instances of the service, 1 to 4, each simulated on its own (1)
          --folder PATH       as above
          --quick             check that everything works, in half a minute; the figures mean nothing
        dotnet run -c Release --project benchmarks -- parts [BenchmarkDotNet's options]
        """;

    /// <summary>Reads the command line.</summary>
    /// <exception cref="BenchmarkException">An option is unknown, or its value is missing or invalid.</exception>
    public static Settings Read(IReadOnlyList<string> arguments)
    {
        var settings = new Settings(1_000_000, 10, 2, 5, 5, [], false, null, false, Path.GetTempPath());
        for (var i = 0; i < arguments.Count; i++)
        {
            var option = arguments[i];
            if (option == "--quick")
            {
                settings = settings with { Rows = 20_000, Seconds = 0.5, WarmUpSeconds = 0.5, FirstWarmUps = 1 };
                settings = settings with { Alternations = 1, All = true };
                continue;
            }

            if (option == "--all")
            {
                settings = settings with { All = true };
                continue;
            }

            if (option == "--services-only")
            {
                settings = settings with { ServicesOnly = true };
                continue;
            }

            var value =
                ++i < arguments.Count
                    ? arguments[i]
                    : throw new BenchmarkException($"{option} is not an option, or its value is missing.\n{Usage}");
            settings = option switch
            {
                "--rows" => settings with { Rows = Number<int>(option, value, 2000) },
                "--seconds" => settings with { Seconds = Number<double>(option, value, 0.5) },
                "--warm-up" => settings with { WarmUpSeconds = Number<double>(option, value, 0.5) },
                "--alternations" => settings with { Alternations = Number<int>(option, value, 1) },
                "--only" => settings with { Only = value.Split(',') },
                "--baseline-checkout" => settings with { BaselineCheckout = Path.GetFullPath(value) },
                "--folder" => settings with { Folder = Path.GetFullPath(value) },
                _ => throw new BenchmarkException($"{option} is not an option.\n{Usage}"),
            };
        }

        return settings;
    }

    /// <summary>Determines if a comparison is to be made.</summary>
    /// <param name="name">The name of the comparison.</param>
    /// <param name="isUsual">True if the comparison is made by default.</param>
    /// <returns>True if the comparison is to be made.</returns>
    public bool Includes(string name, bool isUsual = true) => Only.Count == 0 ? All || isUsual : Only.Contains(name);

    private static T Number<T>(string option, string value, T least)
        where T : System.Numerics.INumber<T> =>
        T.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new BenchmarkException($"{option} must be {least} or more.\n{Usage}");
}

/// <summary>
/// The exception that is thrown when the benchmark cannot continue or its figures are not reliable. The message states
/// the cause.
/// </summary>
internal sealed class BenchmarkException(string message) : Exception(message);
