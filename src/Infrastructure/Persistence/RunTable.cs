using System.Collections.Frozen;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;
using NpgsqlTypes;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>A column of the table <c>runs</c>.</summary>
/// <param name="Name">The name. A test compares the names with the EF model.</param>
/// <param name="AddValues">Adds the parameter with the values of new runs to an insertion.</param>
/// <param name="Copy">Writes the value of a new run in a COPY.</param>
internal sealed record RunColumn(
    string Name,
    Action<NpgsqlBatchCommand, IReadOnlyList<Run>> AddValues,
    Action<NpgsqlBinaryImporter, Run> Copy
)
{
    /// <summary>True if lists read the column.</summary>
    public bool IsListed { get; init; }

    /// <summary>True if the column may be null.</summary>
    public bool IsNullable { get; init; }

    /// <summary>The fields that filters and orders can name, each with its accessor in the column.</summary>
    public IReadOnlyList<(RunField Field, string Accessor)> Fields { get; init; } = [];

    /// <summary>Creates a column of a plain type.</summary>
    public static RunColumn Of<T>(string name, Func<Run, T> value) =>
        new(name, (c, runs) => c.Values(runs, value), (copy, run) => copy.Write(value(run)));

    /// <summary>Creates a column of the type <c>json</c>.</summary>
    public static RunColumn Json(string name, Func<Run, string?> value) =>
        new(name, (c, runs) => c.Json(runs, value), (copy, run) => copy.Write(value(run), NpgsqlDbType.Json));
}

/// <summary>The SQL expression of a field.</summary>
/// <param name="Expression">The expression.</param>
/// <param name="IsNullable">True if its value may be null.</param>
/// <param name="IsJsonText">True if it is a text from a JSON document, which has no collation of its own.</param>
internal sealed record RunFieldSql(string Expression, bool IsNullable, bool IsJsonText);

/// <summary>
/// The columns of the table <c>runs</c>. The insertion of runs, the lists and the expressions of filters and orders are
/// derived from them.
/// </summary>
internal static class RunTable
{
    private const string BlockingError = "blocking_error";

    /// <summary>The columns that an insertion sets. Lists read the listed ones in this order.</summary>
    public static readonly IReadOnlyList<RunColumn> Columns =
    [
        RunColumn.Of("tenant_id", r => r.TenantId.Value),
        RunColumn.Of("id", r => r.Id.Value) with
        {
            IsListed = true,
            Fields = [(RunField.Id, "")],
        },
        RunColumn.Of("display_name", r => r.DisplayName.Value) with
        {
            IsListed = true,
            Fields = [(RunField.DisplayName, "")],
        },
        RunColumn.Of("start_date_time", r => r.StartDateTime.UtcDateTime) with
        {
            IsListed = true,
            Fields = [(RunField.StartDateTime, "")],
        },
        RunColumn.Of("end_date_time", r => r.EndDateTime?.UtcDateTime) with
        {
            IsListed = true,
            IsNullable = true,
            Fields = [(RunField.EndDateTime, "")],
        },
        RunColumn.Of("status", r => r.Status.Number) with
        {
            IsListed = true,
            Fields = [(RunField.Status, "")],
        },
        RunColumn.Json(BlockingError, r => r.BlockingError?.Json) with
        {
            IsListed = true,
            IsNullable = true,
            Fields =
            [
                (RunField.BlockingError, "::text"),
                (RunField.BlockingErrorCode, "->>'code'"),
                (RunField.BlockingErrorMessage, "->>'message'"),
                (RunField.BlockingErrorTarget, "->>'target'"),
            ],
        },
        RunColumn.Of("created_date_time", r => r.CreatedDateTime.UtcDateTime) with
        {
            IsListed = true,
            Fields = [(RunField.CreatedDateTime, "")],
        },
        RunColumn.Of("last_modified_date_time", r => r.LastModifiedDateTime.UtcDateTime) with
        {
            IsListed = true,
            Fields = [(RunField.LastModifiedDateTime, "")],
        },
        RunColumn.Of("version", r => r.Version) with
        {
            IsListed = true,
        },
        RunColumn.Json("statistics", r => r.Statistics.Json),
        Total("inbound_errors", RunField.Errors, t => t.Errors),
        Total("inbound_warnings", RunField.Warnings, t => t.Warnings),
        Total("inbound_groups", RunField.Groups, t => t.Groups),
        Total("inbound_memberships", RunField.Memberships, t => t.Memberships),
        Total("inbound_organizations", RunField.Organizations, t => t.Organizations),
        Total("inbound_people", RunField.People, t => t.People),
    ];

    private static readonly string[] _listed = [.. Columns.Where(c => c.IsListed).Select(c => c.Name)];

    private static readonly string _listedColumns = string.Join(", ", _listed);

    // The blocking error is not read if it is not returned, because it may be large. NULL keeps the column positions.
    private static readonly string _smallListedColumns = string.Join(
        ", ",
        _listed.Select(name => name == BlockingError ? "NULL" : name)
    );

    private static readonly FrozenDictionary<RunField, RunFieldSql> _fields = (
        from column in Columns
        from field in column.Fields
        let isJsonText = field.Accessor.StartsWith("->>", StringComparison.Ordinal)
        select KeyValuePair.Create(
            field.Field,
            // A document may lack the member even if its column is never null.
            new RunFieldSql(column.Name + field.Accessor, column.IsNullable || isJsonText, isJsonText)
        )
    ).ToFrozenDictionary();

    /// <summary>The inbound totals, in the order in which statements return them.</summary>
    public static readonly IReadOnlyList<RunField> Totals =
    [
        RunField.Errors,
        RunField.Warnings,
        RunField.Groups,
        RunField.Memberships,
        RunField.Organizations,
        RunField.People,
    ];

    /// <summary>The position of the first column after those of <see cref="ReadRun"/>.</summary>
    public static readonly int NextColumn = _listed.Length;

    /// <summary>The columns of <see cref="ReadRun"/>.</summary>
    public static string ListedColumns(bool withBlockingError) =>
        withBlockingError ? _listedColumns : _smallListedColumns;

    /// <summary>Returns the expression of a field.</summary>
    public static RunFieldSql Of(RunField field) => _fields[field];

    /// <summary>Reads a run without its statistics from the listed columns, by their position.</summary>
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

    /// <summary>The number of characters in the large columns of a run.</summary>
    public static long Chars(RunListItem run) => (run.BlockingError?.Length ?? 0) + (run.Statistics?.Length ?? 0);

    private static RunColumn Total(string name, RunField field, Func<InboundTotals, long?> value) =>
        RunColumn.Of(name, r => value(r.Statistics.InboundTotals)) with
        {
            IsNullable = true,
            Fields = [(field, "")],
        };
}
