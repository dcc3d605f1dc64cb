using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>A caller's condition on the version of the run that it writes to (<c>If-Match</c>).</summary>
/// <param name="Versions">The versions of which the run must be one; null: any.</param>
public readonly record struct IfMatchCondition(IReadOnlyList<long>? Versions)
{
    /// <summary>The refusal of a run that is another version.</summary>
    internal Error? Check(Run run) => Versions is null || Versions.Contains(run.Version) ? null : RunErrors.ETagMismatch($"W/\"{run.Version}\"");
}
