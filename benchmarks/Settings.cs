using System.Globalization;

namespace IndustryData.Benchmarks;

/// <summary>What the command line asks for.</summary>
/// <param name="Rows">How many runs are loaded before reading is measured.</param>
/// <param name="Seconds">How long each measurement takes, after its warm-up.</param>
/// <param name="WarmUpSeconds">How long each contender is driven before each measurement.</param>
/// <param name="FirstWarmUps">How many times as long the first warm-up of each contender takes.</param>
/// <param name="Alternations">How often the contenders of a comparison take turns.</param>
/// <param name="Only">The comparisons to make; empty: the usual ones, or with <paramref name="All"/> all.</param>
/// <param name="All">Whether the comparisons that are not usual are made too.</param>
/// <param name="BaselineCheckout">The checkout of the version to compare with; null: none.</param>
/// <param name="Folder">Where PostgreSQL keeps its files: the disk that is measured.</param>
internal sealed record Settings(
    int Rows,
    double Seconds,
    double WarmUpSeconds,
    int FirstWarmUps,
    int Alternations,
    IReadOnlyList<string> Only,
    bool All,
    string? BaselineCheckout,
    string Folder
)
{
    /// <summary>
    /// Seconds that a measurement takes at least for its figures to mean something: before, the compiler is still at
    /// work.
    /// </summary>
    public const double LeastTelling = 5;

    public const string Usage = """
        dotnet run -c Release --project benchmarks -- [options]
          --rows N            runs that are loaded before reading is measured, 2000 or more (1000000)
          --seconds S         how long each measurement takes (10)
          --warm-up S         how long each contender is driven before each measurement (2)
          --alternations N    how often the contenders of a comparison take turns (5)
          --only NAME[,NAME]  some comparisons: write, write-one, batch, list, get, page, count, write-full,
                              write-keyed, two-services
          --all               also write-keyed and two-services, which are otherwise made only when --only names them
          --baseline-checkout PATH
                              a checkout of another version of this repository, such as a git worktree: its service
                              is published and compared too, as "service before", on databases of its own
          --folder PATH       where PostgreSQL keeps its files, on the disk that is to be measured (the system's temporary folder)
          --quick             whether everything works, in about a minute, with --all; its figures mean nothing
        dotnet run -c Release --project benchmarks -- parts [BenchmarkDotNet's options]
        """;

    /// <summary>Reads the command line.</summary>
    /// <exception cref="BenchmarkException">An option is unknown or has no such value.</exception>
    public static Settings Read(IReadOnlyList<string> arguments)
    {
        var settings = new Settings(1_000_000, 10, 2, 5, 5, [], false, null, Path.GetTempPath());
        for (var i = 0; i < arguments.Count; i++)
        {
            var option = arguments[i];
            if (option == "--quick")
            {
                settings = settings with { Rows = 20_000, Seconds = 1, WarmUpSeconds = 0.5, FirstWarmUps = 1 };
                settings = settings with { Alternations = 1, All = true };
                continue;
            }

            if (option == "--all")
            {
                settings = settings with { All = true };
                continue;
            }

            var value =
                ++i < arguments.Count
                    ? arguments[i]
                    : throw new BenchmarkException($"{option} is no option, or lacks its value.\n{Usage}");
            settings = option switch
            {
                "--rows" => settings with { Rows = Number<int>(option, value, 2000) },
                "--seconds" => settings with { Seconds = Number<double>(option, value, 0.5) },
                "--warm-up" => settings with { WarmUpSeconds = Number<double>(option, value, 0.5) },
                "--alternations" => settings with { Alternations = Number<int>(option, value, 1) },
                "--only" => settings with { Only = value.Split(',') },
                "--baseline-checkout" => settings with { BaselineCheckout = Path.GetFullPath(value) },
                "--folder" => settings with { Folder = Path.GetFullPath(value) },
                _ => throw new BenchmarkException($"There is no option {option}.\n{Usage}"),
            };
        }

        return settings;
    }

    /// <summary>Whether a comparison is to be made.</summary>
    /// <param name="name">The comparison.</param>
    /// <param name="isUsual">Whether it is made without being asked for.</param>
    public bool Includes(string name, bool isUsual = true) => Only.Count == 0 ? All || isUsual : Only.Contains(name);

    private static T Number<T>(string option, string value, T least)
        where T : System.Numerics.INumber<T> =>
        T.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw new BenchmarkException($"{option} must be {least} or more.\n{Usage}");
}

/// <summary>The run cannot go on, or its figures cannot be trusted; the message says why.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
