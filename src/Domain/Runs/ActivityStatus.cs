namespace IndustryData.Domain.Runs;

/// <summary>How an activity stands (Graph: <c>industryDataActivityStatus</c>). Only <see cref="InProgress"/> is open; the other five are final.</summary>
public sealed class ActivityStatus
{
    /// <summary>Going on.</summary>
    public static readonly ActivityStatus InProgress = new("inProgress", 0);

    /// <summary>Not carried out, by choice of the run.</summary>
    public static readonly ActivityStatus Skipped = new("skipped", 1);

    /// <summary>Stopped by an error that could not be overcome.</summary>
    public static readonly ActivityStatus Failed = new("failed", 2);

    /// <summary>Done without errors and warnings.</summary>
    public static readonly ActivityStatus Completed = new("completed", 3);

    /// <summary>Done; some records were left out.</summary>
    public static readonly ActivityStatus CompletedWithErrors = new("completedWithErrors", 4);

    /// <summary>Done; some optional values were dropped.</summary>
    public static readonly ActivityStatus CompletedWithWarnings = new("completedWithWarnings", 5);

    private ActivityStatus(string name, short number) => (Name, Number) = (name, number);

    /// <summary>Every status, by number.</summary>
    public static IReadOnlyList<ActivityStatus> All { get; } = [InProgress, Skipped, Failed, Completed, CompletedWithErrors, CompletedWithWarnings];

    /// <summary>The member's name on the wire, camelCase.</summary>
    public string Name { get; }

    /// <summary>The member's number in Graph's schema, which is what is stored.</summary>
    public short Number { get; }

    /// <summary>Whether the activity is over.</summary>
    public bool IsTerminal => this != InProgress;

    /// <summary>The status of that name in exactly this case, or null.</summary>
    public static ActivityStatus? FromName(string name) => All.FirstOrDefault(s => s.Name == name);

    /// <summary>The status of that stored number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none: the row was written by a newer version.</exception>
    public static ActivityStatus FromNumber(short number) => All.FirstOrDefault(s => s.Number == number)
        ?? throw new ArgumentOutOfRangeException(nameof(number), number, "No activity status has this number.");

    /// <inheritdoc />
    public override string ToString() => Name;
}
