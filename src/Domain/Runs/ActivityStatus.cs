namespace IndustryData.Domain.Runs;

/// <summary>
/// The status of an activity. All values except <see cref="InProgress"/> are
/// final.
/// </summary>
public sealed class ActivityStatus
{
    /// <summary>The activity is in progress.</summary>
    public static readonly ActivityStatus InProgress = new("inProgress", 0);

    /// <summary>The run skipped the activity intentionally.</summary>
    public static readonly ActivityStatus Skipped = new("skipped", 1);

    /// <summary>An unrecoverable error stopped the activity.</summary>
    public static readonly ActivityStatus Failed = new("failed", 2);

    /// <summary>The activity completed without errors or warnings.</summary>
    public static readonly ActivityStatus Completed = new("completed", 3);

    /// <summary>The activity completed, but some records were omitted.</summary>
    public static readonly ActivityStatus CompletedWithErrors = new("completedWithErrors", 4);

    /// <summary>The activity completed, but some optional values were omitted.</summary>
    public static readonly ActivityStatus CompletedWithWarnings = new("completedWithWarnings", 5);

    private ActivityStatus(string name, short number) => (Name, Number) = (name, number);

    /// <summary>All statuses, in the order of their numbers.</summary>
    public static IReadOnlyList<ActivityStatus> All { get; } =
    [InProgress, Skipped, Failed, Completed, CompletedWithErrors, CompletedWithWarnings];

    /// <summary>The name, in camelCase.</summary>
    public string Name { get; }

    /// <summary>The number, which is stored.</summary>
    public short Number { get; }

    /// <summary>True if the status is final.</summary>
    public bool IsTerminal => this != InProgress;

    /// <summary>Returns the status with this name (case-sensitive), or null.</summary>
    public static ActivityStatus? FromName(string name) => All.FirstOrDefault(s => s.Name == name);

    /// <summary>Returns the status with this stored number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is unknown: a newer version wrote the row.</exception>
    public static ActivityStatus FromNumber(short number) =>
        All.FirstOrDefault(s => s.Number == number)
        ?? throw new ArgumentOutOfRangeException(nameof(number), number, "No activity status has this number.");

    /// <inheritdoc />
    public override string ToString() => Name;
}
