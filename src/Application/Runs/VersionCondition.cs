using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>A caller's condition on the version of the run that it changes.</summary>
/// <param name="Versions">The accepted versions; null accepts any version.</param>
public readonly record struct VersionCondition(IReadOnlyList<long>? Versions)
{
    /// <summary>Returns an error if the run's version does not match, or null.</summary>
    internal Error? Check(Run run) =>
        Versions is null || Versions.Contains(run.Version) ? null : RunErrors.VersionMismatch(run.Version);
}
