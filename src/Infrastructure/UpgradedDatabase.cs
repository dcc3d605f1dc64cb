namespace IndustryData.Infrastructure;

/// <summary>A completed upgrade of the embedded database.</summary>
/// <param name="OldMajor">The major version before.</param>
/// <param name="NewMajor">The major version of the current database.</param>
/// <param name="Runs">The number of runs.</param>
/// <param name="KeptPath">The directory of the old database. It is not used anymore.</param>
public sealed record UpgradedDatabase(int OldMajor, int NewMajor, long Runs, string KeptPath);
