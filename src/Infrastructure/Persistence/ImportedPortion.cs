using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A record that a portion of a file was imported. It is stored in the transaction that adds the runs of the portion.
/// </summary>
internal sealed class ImportedPortion
{
    public TenantId TenantId { get; init; }

    /// <summary>The key of the last line, which depends on all lines before it.</summary>
    public Guid LastLineKey { get; init; }

    /// <summary>The number of lines.</summary>
    public int Lines { get; init; }

    /// <summary>The number of lines that were refused.</summary>
    public int Refused { get; init; }

    public DateTimeOffset ImportedDateTime { get; init; }
}
