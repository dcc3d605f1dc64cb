using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>
/// The validation rules for reported values. Each command applies the rules of the values that it has. The aggregate
/// applies the same predicates when it is created and changed.
/// </summary>
internal static class ReportedValueRules
{
    private static readonly string _runStatuses = string.Join(", ", RunStatus.All);
    private static readonly string _activityStatuses = string.Join(", ", ActivityStatus.All);

    /// <summary>Requires a name with at most this many UTF-16 code units.</summary>
    public static IRuleBuilderOptions<T, string?> MustBeDisplayName<T>(
        this IRuleBuilderInitial<T, string?> rule,
        int maxLength
    ) =>
        rule.Cascade(CascadeMode.Stop)
            .NotNull()
            .WithErrorCode(RunErrors.RequiredCode)
            .WithMessage($"displayName is required: send a text of 1 to {maxLength} characters.")
            .Must(name => !DisplayName.IsBlank(name))
            .WithErrorCode("blank")
            .WithMessage("displayName must contain a character other than white space.")
            .Must(name => name!.Length <= maxLength)
            .WithErrorCode("tooLong")
            .WithMessage((_, name) => $"displayName has {name!.Length} UTF-16 code units; shorten it to {maxLength}.")
            .Must(name => DisplayName.IsStorable(name!))
            .WithErrorCode("invalidCharacters")
            .WithMessage("displayName must not hold U+0000 or half of a surrogate pair; remove it.")
            .OverridePropertyName("displayName");

    /// <summary>Requires a start time.</summary>
    public static IRuleBuilderOptions<T, DateTimeOffset?> MustBeStartDateTime<T>(
        this IRuleBuilder<T, DateTimeOffset?> rule
    ) =>
        rule.NotNull()
            .WithErrorCode(RunErrors.RequiredCode)
            .WithMessage("startDateTime is required: send the start time, like \"2026-11-22T02:00:00Z\".")
            .OverridePropertyName("startDateTime");

    /// <summary>Requires an end time that agrees with the status and the start time.</summary>
    public static IRuleBuilderOptions<T, RunDraft> MustHaveValidEndDateTime<T>(
        this IRuleBuilderInitial<T, RunDraft> rule
    ) =>
        rule.Cascade(CascadeMode.Stop)
            .Must(RunRules.HasRequiredEndDateTime)
            .WithError(RunErrors.EndDateTimeRequired)
            .Must(RunRules.EndsAtStartOrLater)
            .WithErrorCode(RunErrors.EndBeforeStartCode)
            .WithMessage((_, run) => RunErrors.EndBeforeStart(run).Message)
            .OverridePropertyName("endDateTime");

    /// <summary>Requires a status of a run.</summary>
    public static IRuleBuilderOptions<T, RunStatus?> MustBeStatus<T>(this IRuleBuilder<T, RunStatus?> rule) =>
        rule.NotNull()
            .WithErrorCode(RunErrors.RequiredCode)
            .WithMessage($"status is required: send one of {_runStatuses}.")
            .OverridePropertyName("status");

    /// <summary>Requires statistics. They may be empty.</summary>
    public static IRuleBuilderOptions<T, RunStatistics?> MustBeStatistics<T>(
        this IRuleBuilder<T, RunStatistics?> rule
    ) =>
        rule.NotNull()
            .WithErrorCode(RunErrors.RequiredCode)
            .WithMessage("statistics is required: send an object, {} when nothing was counted.")
            .OverridePropertyName("statistics");

    /// <summary>Requires that the status allows a blocking error if there is one.</summary>
    public static IRuleBuilderOptions<T, RunDraft> MustAllowBlockingError<T>(this IRuleBuilder<T, RunDraft> rule) =>
        rule.Must(RunRules.AllowsBlockingError)
            .WithErrorCode(RunErrors.UnexpectedBlockingErrorCode)
            .WithMessage((_, run) => RunErrors.UnexpectedBlockingError(run).Message)
            .OverridePropertyName("blockingError");

    /// <summary>Requires a status of an activity.</summary>
    public static IRuleBuilderOptions<T, ActivityStatus?> MustBeStatus<T>(this IRuleBuilder<T, ActivityStatus?> rule) =>
        rule.NotNull()
            .WithErrorCode(RunErrors.RequiredCode)
            .WithMessage($"status is required: send one of {_activityStatuses}.")
            .OverridePropertyName("status");

    /// <summary>Reports an error of the domain, whose message is the same for all values.</summary>
    public static IRuleBuilderOptions<T, TProperty> WithError<T, TProperty>(
        this IRuleBuilderOptions<T, TProperty> rule,
        Error error
    ) => rule.WithErrorCode(error.Code).WithMessage(error.Message);
}
