namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The version of all <see cref="RunStartRange"/> rows. The table has one row, so that changes wait for each other.
/// </summary>
internal sealed class RunStartVersion
{
    public short Id { get; init; }

    public Guid Version { get; init; }
}
