using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The columns that reads select, and the response models that are made of them by position.</summary>
internal static class RunRows
{
    /// <summary>The columns of <see cref="ReadActivity"/>.</summary>
    public const string ActivityColumns = "id, type, display_name, status, blocking_error, activity";

    /// <summary>The position of the first column after those of <see cref="ReadRun"/>.</summary>
    public const int NextColumn = 9;

    private const string ListColumns =
        "id, display_name, start_date_time, end_date_time, status, blocking_error, created_date_time, "
        + "last_modified_date_time, version";

    // The blocking error is not read if it is not returned, because it may be large. NULL keeps the column positions.
    private const string SmallListColumns =
        "id, display_name, start_date_time, end_date_time, status, NULL, created_date_time, "
        + "last_modified_date_time, version";

    /// <summary>The columns of <see cref="ReadRun"/>.</summary>
    public static string Columns(bool withBlockingError) => withBlockingError ? ListColumns : SmallListColumns;

    /// <summary>Reads a run without its statistics.</summary>
    public static RunListItem ReadRun(NpgsqlDataReader row) =>
        new(
            row.GetGuid(0),
            row.GetString(1),
            row.GetDateTime(2),
            row.IsDBNull(3) ? null : row.GetDateTime(3),
            RunStatus.FromNumber(row.GetInt16(4)).Name,
            row.IsDBNull(5) ? null : row.GetString(5),
            row.GetDateTime(6),
            row.GetDateTime(7),
            row.GetInt64(8)
        );

    /// <summary>Reads an activity.</summary>
    public static ActivityResponse ReadActivity(NpgsqlDataReader row) =>
        new(
            row.GetGuid(0),
            ActivityType.FromNumber(row.GetInt16(1)).Name,
            row.GetString(2),
            ActivityStatus.FromNumber(row.GetInt16(3)).Name,
            row.IsDBNull(4) ? null : row.GetString(4),
            row.IsDBNull(5) ? null : row.GetString(5)
        );

    /// <summary>The number of characters in the large columns of a run.</summary>
    public static long Chars(in RunListItem run) => (run.BlockingError?.Length ?? 0) + (run.Statistics?.Length ?? 0);

    /// <summary>The number of characters in the large columns of an activity.</summary>
    public static long Chars(ActivityResponse activity) =>
        (activity.BlockingError?.Length ?? 0) + (activity.Activity?.Length ?? 0);
}
