using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// How far the runs of a tenant are counted by hour. The numbers of an hour from <see cref="CountedFrom"/> on hold,
/// unless it is in <see cref="OutdatedRunHour"/> or has a run with a change number of at least
/// <see cref="ChangeNumber"/>.
/// </summary>
internal sealed class RunHourProgress
{
    /// <summary>The last hour of the calendar. Reads take it from the runs, so that it need not be counted.</summary>
    public static readonly DateTimeOffset Nothing = CountedSpan.HourOf(DateTimeOffset.MaxValue);

    /// <summary>The first hour of the calendar.</summary>
    public static readonly DateTimeOffset Everything = DateTimeOffset.MinValue;

    public TenantId TenantId { get; init; }

    /// <summary>The low watermark at the last count: no transaction with a lower number was open any more.</summary>
    public long ChangeNumber { get; init; }

    /// <summary>
    /// The first hour that is counted: <see cref="Nothing"/> if none is, and <see cref="Everything"/> if all are.
    /// </summary>
    public DateTimeOffset CountedFrom { get; init; }
}
