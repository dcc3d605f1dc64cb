using System.Runtime.CompilerServices;

namespace IndustryData.Domain.Runs;

/// <summary>
/// The rules for a run that concern more than one value, as predicates. Validators use them to report what the caller
/// must correct. The aggregate uses them to ensure that every run is valid.
/// </summary>
public static class RunRules
{
    /// <summary>Checks that there is an end time. Only a running run may be without.</summary>
    public static bool HasRequiredEndDateTime(RunDraft run) =>
        run.EndDateTime is not null || run.Status == RunStatus.Running;

    /// <summary>Checks that the end time is not before the start time. Either may be absent.</summary>
    public static bool EndsAtStartOrLater(RunDraft run) => !(run.EndDateTime < run.StartDateTime);

    /// <summary>Checks that the status allows a blocking error if there is one.</summary>
    public static bool AllowsBlockingError(RunDraft run) =>
        run is not { BlockingError: not null, Status.AllowsBlockingError: false };

    /// <summary>Checks that a run has at most <see cref="Run.MaxActivities"/> activities.</summary>
    public static bool AllowsActivityCount(int count) => count <= Run.MaxActivities;

    /// <summary>Throws an exception if a rule is broken. The caller must have validated the value.</summary>
    /// <exception cref="ArgumentException">The rule is broken.</exception>
    internal static void Require(bool isKept, [CallerArgumentExpression(nameof(isKept))] string? rule = null)
    {
        if (!isKept)
        {
            throw new ArgumentException($"The value breaks a rule: {rule}.", nameof(isKept));
        }
    }
}
