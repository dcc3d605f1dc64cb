namespace IndustryData.Domain.Runs;

/// <summary>The refusals that have to do with runs, worded once.</summary>
public static class RunErrors
{
    /// <summary>There is no such run, or it is another tenant's.</summary>
    public static Error NotFound(string id) =>
        new(ErrorKind.NotFound, "runNotFound", $"There is no run with the id '{Faults.Shown(id)}'. List the runs to see which there are.");

    /// <summary>A required member is absent or null.</summary>
    internal static Error Missing(string property, string what) =>
        Invalid(property, "missing", $"{property} is required: send {what}.");

    /// <summary>A member breaks a rule.</summary>
    internal static Error Invalid(string property, string code, string message) =>
        new(ErrorKind.Invalid, code, message, property);
}
