namespace IndustryData.Domain.Runs;

/// <summary>How a run stands (Graph: <c>industryDataRunStatus</c>). Only <see cref="Running"/> is open; the other four are final.</summary>
public sealed class RunStatus
{
    /// <summary>Graph's placeholder for members that a client does not know yet. Never stored, never accepted.</summary>
    public const string UnknownFutureValue = "unknownFutureValue";

    /// <summary>In progress.</summary>
    public static readonly RunStatus Running = new("running", 0, mayHaveBlockingError: true);

    /// <summary>Stopped before it was done.</summary>
    public static readonly RunStatus Failed = new("failed", 1, mayHaveBlockingError: true);

    /// <summary>Done without errors and warnings.</summary>
    public static readonly RunStatus Completed = new("completed", 2, mayHaveBlockingError: false);

    /// <summary>Done; some records lacked required data and were left out.</summary>
    public static readonly RunStatus CompletedWithErrors = new("completedWithErrors", 3, mayHaveBlockingError: true);

    /// <summary>Done; some optional values were dropped.</summary>
    public static readonly RunStatus CompletedWithWarnings = new("completedWithWarnings", 4, mayHaveBlockingError: false);

    private RunStatus(string name, short number, bool mayHaveBlockingError) =>
        (Name, Number, AllowsBlockingError) = (name, number, mayHaveBlockingError);

    /// <summary>Every status, each in the place of its number.</summary>
    public static IReadOnlyList<RunStatus> All { get; } = [Running, Failed, Completed, CompletedWithErrors, CompletedWithWarnings];

    /// <summary>The member's name on the wire, camelCase.</summary>
    public string Name { get; }

    /// <summary>The member's number in Graph's schema: what <c>$orderby</c> sorts by and what is stored.</summary>
    public short Number { get; }

    /// <summary>Whether a run of this status may carry a <see cref="PublicError"/>.</summary>
    public bool AllowsBlockingError { get; }

    /// <summary>Whether the run is over.</summary>
    public bool IsTerminal => this != Running;

    /// <summary>The statuses that a run of this status may change to; none when it is over.</summary>
    public IReadOnlyList<RunStatus> AllowedTransitions => IsTerminal ? [] : [.. All.Where(s => s.IsTerminal)];

    /// <summary>The status of that name in exactly this case, or null.</summary>
    public static RunStatus? FromName(string name) => All.FirstOrDefault(s => s.Name == name);

    /// <summary>The status of that stored number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none: the row was written by a newer version.</exception>
    public static RunStatus FromNumber(short number) => number >= 0 && number < All.Count
        ? All[number]
        : throw new ArgumentOutOfRangeException(nameof(number), number, "No run status has this number.");

    /// <inheritdoc />
    public override string ToString() => Name;
}
