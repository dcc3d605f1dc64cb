namespace IndustryData.Domain.Runs;

/// <summary>
/// The status of a run. All values except <see cref="Running"/> are final.
/// </summary>
public sealed class RunStatus
{
    /// <summary>The run is in progress.</summary>
    public static readonly RunStatus Running = new("running", 0, mayHaveBlockingError: true);

    /// <summary>The run stopped before it completed.</summary>
    public static readonly RunStatus Failed = new("failed", 1, mayHaveBlockingError: true);

    /// <summary>The run completed without errors or warnings.</summary>
    public static readonly RunStatus Completed = new("completed", 2, mayHaveBlockingError: false);

    /// <summary>The run completed, but some records lacked required data and were omitted.</summary>
    public static readonly RunStatus CompletedWithErrors = new("completedWithErrors", 3, mayHaveBlockingError: true);

    /// <summary>The run completed, but some optional values were omitted.</summary>
    public static readonly RunStatus CompletedWithWarnings = new(
        "completedWithWarnings",
        4,
        mayHaveBlockingError: false
    );

    private RunStatus(string name, short number, bool mayHaveBlockingError) =>
        (Name, Number, AllowsBlockingError) = (name, number, mayHaveBlockingError);

    /// <summary>All statuses. The index of each status is its number.</summary>
    public static IReadOnlyList<RunStatus> All { get; } =
    [Running, Failed, Completed, CompletedWithErrors, CompletedWithWarnings];

    /// <summary>The name, in camelCase.</summary>
    public string Name { get; }

    /// <summary>The number. It is stored, and runs are ordered by it.</summary>
    public short Number { get; }

    /// <summary>True if a run with this status may have a <see cref="PublicError"/>.</summary>
    public bool AllowsBlockingError { get; }

    /// <summary>True if the status is final.</summary>
    public bool IsTerminal => this != Running;

    /// <summary>The statuses to which a run with this status may change. Empty for a final status.</summary>
    public IReadOnlyList<RunStatus> AllowedTransitions => IsTerminal ? [] : [.. All.Where(s => s.IsTerminal)];

    /// <summary>Returns the status with this name (case-sensitive), or null.</summary>
    public static RunStatus? FromName(string name) => All.FirstOrDefault(s => s.Name == name);

    /// <summary>Returns the status with this stored number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is unknown: a newer version wrote the row.</exception>
    public static RunStatus FromNumber(short number) =>
        number >= 0 && number < All.Count
            ? All[number]
            : throw new ArgumentOutOfRangeException(nameof(number), number, "No run status has this number.");

    /// <inheritdoc />
    public override string ToString() => Name;
}
