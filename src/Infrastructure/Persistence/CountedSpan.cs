using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// A span of start times of which most hours are counted (<see cref="RunHourProgress"/>). The other parts are read from
/// the runs: the hours that changed since they were counted, and the parts of hours at both ends.
/// </summary>
/// <param name="From">The first hour that is counted.</param>
/// <param name="To">The end of the last hour that is counted.</param>
/// <param name="Outdated">The hours in between whose numbers do not hold.</param>
/// <param name="Parts">The parts that are read from the runs, in ascending order.</param>
internal sealed record CountedSpan(
    DateTimeOffset From,
    DateTimeOffset To,
    IReadOnlyList<DateTimeOffset> Outdated,
    IReadOnlyList<StartSpan> Parts
)
{
    // Above these numbers it is faster to aggregate the runs of the whole span.
    private const int MaxChangedRuns = 20_000;
    private const int MaxParts = 200;

    /// <summary>The SQL expression of the hour of a run.</summary>
    /// <remarks>
    /// <c>date_trunc</c> depends on the time zone of the session. The origin is the earliest time of .NET.
    /// </remarks>
    public const string Hour = "date_bin('1 hour', start_date_time, '0001-01-01 00:00:00+00')";

    /// <summary>Returns an expression for each inbound total, in the order of the totals.</summary>
    /// <param name="expression">Returns the expression of a total from the name of its column.</param>
    public static string EachTotal(Func<string, string> expression) =>
        string.Join(", ", RunTable.Totals.Select(t => expression(t.ToString().ToLowerInvariant())));

    private static readonly TimeSpan _hour = TimeSpan.FromHours(1);

    /// <summary>Returns the beginning of the hour of an instant, in UTC.</summary>
    public static DateTimeOffset HourOf(DateTimeOffset instant) =>
        new(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    /// <summary>Reads which hours of a span are counted.</summary>
    /// <param name="session">
    /// The session. The numbers have to be read in its snapshot, because they hold only together with the progress.
    /// </param>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="span">The span.</param>
    /// <returns>The hours; null if it is not slower to aggregate the runs of the whole span.</returns>
    public static async Task<CountedSpan?> ReadAsync(ReadSession session, TenantId tenantId, StartSpan span)
    {
        // PostgreSQL does not know how few runs have changed, and would read small tables from their start.
        await session.ExecuteAsync([Set("enable_seqscan", "off"), Read(tenantId, span), Set("enable_seqscan", "on")]);
        while (await session.ReadAsync()) { }

        await session.NextResultAsync();
        if (!await session.ReadAsync() || session.Row.GetInt64(3) > MaxChangedRuns)
        {
            return null;
        }

        var row = session.Row;
        DateTimeOffset[] outdated =
        [
            .. row.GetFieldValue<DateTimeOffset[]>(1),
            .. row.IsDBNull(2) ? [] : row.GetFieldValue<DateTimeOffset[]>(2),
        ];
        return Of(span, row.GetFieldValue<DateTimeOffset>(0), outdated);
    }

    private static NpgsqlBatchCommand Set(string setting, string value) =>
        new($"SELECT set_config('{setting}', '{value}', true)");

    private static NpgsqlBatchCommand Read(TenantId tenantId, StartSpan span)
    {
        var sql = new RunSql();
        var tenant = sql.Parameter(tenantId.Value);
        return sql.Command(
            $"""
            SELECT counted_from,
                ARRAY(
                    SELECT DISTINCT hour FROM outdated_run_hours
                    WHERE tenant_id = {tenant} AND hour >= {sql.Parameter(HourOf(span.From).UtcDateTime)}
                        AND hour < {sql.Parameter(span.To.UtcDateTime)}),
                changed.hours, changed.runs
            FROM run_hour_progress AS progress
            CROSS JOIN LATERAL (
                SELECT array_agg(hour) AS hours, coalesce(sum(runs), 0)::bigint AS runs
                FROM (
                    SELECT {Hour} AS hour, count(*) AS runs
                    FROM (
                        SELECT start_date_time FROM runs
                        WHERE tenant_id = {tenant} AND change_number >= progress.change_number
                        ORDER BY change_number, id LIMIT {MaxChangedRuns + 1}) AS newest
                    GROUP BY hour) AS hours) AS changed
            WHERE progress.tenant_id = {tenant}
            """
        );
    }

    /// <summary>Divides a span.</summary>
    /// <param name="span">The span.</param>
    /// <param name="countedFrom">The first hour that is counted.</param>
    /// <param name="outdated">The hours whose numbers do not hold, also some outside of the span.</param>
    /// <returns>The hours; null if it is not slower to aggregate the runs of the whole span.</returns>
    internal static CountedSpan? Of(StartSpan span, DateTimeOffset countedFrom, IEnumerable<DateTimeOffset> outdated)
    {
        var first = HourOf(span.From);
        first = first == span.From || first > DateTimeOffset.MaxValue - _hour ? first : first + _hour;
        var (from, to) = (countedFrom > first ? countedFrom : first, HourOf(span.To));
        if (from >= to || from - span.From > to - from)
        {
            return null;
        }

        var hours = outdated.Where(h => h >= from && h < to).Distinct().Order().ToList();
        var parts = new List<StartSpan>();
        foreach (
            var part in hours
                .Select(h => new StartSpan(h, h + _hour))
                .Prepend(new StartSpan(span.From, from))
                .Append(new StartSpan(to, span.To))
                .Where(p => p.To > p.From)
        )
        {
            if (parts is [.., var last] && last.To == part.From)
            {
                parts[^1] = last with { To = part.To };
            }
            else
            {
                parts.Add(part);
            }
        }

        return parts.Count > MaxParts || hours.Count * _hour > (to - from) / 2
            ? null
            : new CountedSpan(from, to, hours, parts);
    }

    /// <summary>The condition that selects the rows of the counted hours that hold.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    public string HoursPredicate(RunSql sql, TenantId tenantId)
    {
        var outdated = Outdated.Select(h => h.UtcDateTime).ToArray();
        return $"tenant_id = {sql.Parameter(tenantId.Value)} AND hour >= {sql.Parameter(From.UtcDateTime)} "
            + $"AND hour < {sql.Parameter(To.UtcDateTime)}"
            + (outdated.Length > 0 ? $" AND hour <> ALL ({sql.Parameter(outdated)})" : "");
    }

    /// <summary>A sub-select of columns of the runs of the other parts.</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="condition">Another condition on the runs, which begins with <c>AND</c>.</param>
    public string OtherRuns(RunSql sql, TenantId tenantId, string columns, string condition = "")
    {
        var tenant = sql.Parameter(tenantId.Value);
        var (from, to) = (
            sql.Parameter(Parts.Select(p => p.From.UtcDateTime).ToArray()),
            sql.Parameter(Parts.Select(p => p.To.UtcDateTime).ToArray())
        );
        return $"""
            (SELECT other.* FROM unnest({from}, {to}) AS part(first, last)
            CROSS JOIN LATERAL (
                SELECT {columns} FROM runs
                WHERE tenant_id = {tenant} AND start_date_time >= part.first AND start_date_time < part.last
                    {condition}) AS other)
            """;
    }
}
