using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;
using static IndustryData.Infrastructure.Persistence.CountedSpan;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The part of the reader that reads the counts by hour instead of the runs.</summary>
internal sealed partial class RunReader
{
    // With at most this many runs, the percentiles are those of the runs. With more, they are those of the bins.
    private const int MaxSortedDurations = 20_000;

    // Each code of an hour has a row. With more rows, the failures are counted as without the hours: the newest runs.
    private const int MaxFailureRows = 100_000;

    /// <summary>
    /// Reads which hours of a span are counted, and begins the snapshot in which they hold. Returns null if the runs
    /// have to be aggregated.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="tenantId">The tenant that owns the runs.</param>
    /// <param name="criteria">The criteria that select the runs.</param>
    /// <param name="span">The span.</param>
    /// <param name="bucket">The length of a bucket, which has to be whole hours; null if there are no buckets.</param>
    private static async Task<CountedSpan?> ReadCountedSpanAsync(
        ReadSession session,
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan? bucket
    )
    {
        if (
            criteria is not { Filter: null, SearchTerms.Count: 0 }
            || (
                bucket is { } length
                && (length.Ticks % TimeSpan.TicksPerHour != 0 || CountedSpan.HourOf(span.From) != span.From)
            )
        )
        {
            return null;
        }

        session.BeginSnapshot();
        return await CountedSpan.ReadAsync(session, tenantId, span);
    }

    private static NpgsqlBatchCommand CountOfHours(
        CountedSpan counted,
        TenantId tenantId,
        StartSpan span,
        TimeSpan bucket
    )
    {
        var sql = new RunSql();
        var (length, from) = (sql.Parameter(bucket), sql.Parameter(span.From.UtcDateTime));
        return sql.Command(
            $"""
            SELECT bucket, status, sum(runs)::bigint
            FROM (
                SELECT date_bin({length}, hour, {from}) AS bucket, status, runs
                FROM run_hours WHERE {counted.HoursPredicate(sql, tenantId)}
                UNION ALL
                SELECT date_bin({length}, start_date_time, {from}), status, count(*)
                FROM {counted.OtherRuns(sql, tenantId, "start_date_time, status")} AS others
                GROUP BY 1, 2) AS parts
            GROUP BY bucket, status
            ORDER BY bucket, status
            """
        );
    }

    private static NpgsqlBatchCommand MeansOfHours(
        CountedSpan counted,
        TenantId tenantId,
        StartSpan span,
        TimeSpan bucket
    )
    {
        var sql = new RunSql();
        var (length, from) = (sql.Parameter(bucket), sql.Parameter(span.From.UtcDateTime));
        return sql.Command(
            $"""
            SELECT bucket, sum(runs)::bigint, {EachTotal(t => $"round(sum({t}) / nullif(sum(runs_with_{t}), 0))")}
            FROM (
                SELECT date_bin({length}, hour, {from}) AS bucket, runs, {EachTotal(t => $"{t}, runs_with_{t}")}
                FROM run_hours
                WHERE {counted.HoursPredicate(sql, tenantId)} AND status <> {RunStatus.Running.Number} AND has_end
                UNION ALL
                SELECT date_bin({length}, start_date_time, {from}), count(*),
                    {EachTotal(t => $"sum(inbound_{t}), count(inbound_{t})")}
                FROM {EndedRuns(counted, sql, tenantId, EachTotal(t => $"inbound_{t}"))} AS others
                GROUP BY 1) AS parts
            GROUP BY bucket
            ORDER BY bucket
            """
        );
    }

    private static NpgsqlBatchCommand PercentilesOfHours(
        CountedSpan counted,
        TenantId tenantId,
        StartSpan span,
        TimeSpan bucket
    )
    {
        var sql = new RunSql();
        var (length, from) = (sql.Parameter(bucket), sql.Parameter(span.From.UtcDateTime));
        return sql.Command(
            $"""
            SELECT bucket, min(bin) FILTER (WHERE reached >= ceil(total * 0.5)),
                min(bin) FILTER (WHERE reached >= ceil(total * 0.95))
            FROM (
                SELECT bucket, bin, sum(runs) OVER (PARTITION BY bucket ORDER BY bin) AS reached,
                    sum(runs) OVER (PARTITION BY bucket) AS total
                FROM (
                    SELECT bucket, bin, sum(runs) AS runs
                    FROM (
                        SELECT date_bin({length}, hour, {from}) AS bucket, bin, bin_runs AS runs
                        FROM run_hour_durations CROSS JOIN LATERAL unnest(bins, runs) AS bins(bin, bin_runs)
                        WHERE {counted.HoursPredicate(sql, tenantId)}
                        UNION ALL
                        SELECT date_bin({length}, start_date_time, {from}), {DurationBins.Expression}, 1
                        FROM {EndedRuns(counted, sql, tenantId, "end_date_time")} AS others) AS parts
                    GROUP BY bucket, bin) AS bins) AS ranked
            GROUP BY bucket
            ORDER BY bucket
            """
        );
    }

    private static NpgsqlBatchCommand SumOfHours(CountedSpan counted, TenantId tenantId, StartSpan span)
    {
        var sql = new RunSql();
        var (tenant, from, to) = (
            sql.Parameter(tenantId.Value),
            sql.Parameter(span.From.UtcDateTime),
            sql.Parameter(span.To.UtcDateTime)
        );
        return sql.Command(
            $"""
            SELECT newest.id, newest.status, sums.*
            FROM (
                SELECT id, status FROM runs
                WHERE tenant_id = {tenant} AND start_date_time >= {from} AND start_date_time < {to}
                ORDER BY {RunSql.OrderBy(RunOrderKey.NewestFirst)} LIMIT 1) AS newest
            CROSS JOIN (
                SELECT {EachTotal(t => $"sum({t})")}
                FROM (
                    SELECT {EachTotal(t => t)} FROM run_hours WHERE {counted.HoursPredicate(sql, tenantId)}
                    UNION ALL
                    SELECT {EachTotal(t => $"sum(inbound_{t})")}
                    FROM {counted.OtherRuns(sql, tenantId, EachTotal(t => $"inbound_{t}"))} AS others) AS parts) AS sums
            """
        );
    }

    /// <summary>Returns a sub-select of the failures of the span by hour and code.</summary>
    private static string FailuresOfHours(CountedSpan counted, RunSql sql, TenantId tenantId) =>
        $"""
            (
                (SELECT hour, code, runs, last_start FROM run_hour_failures
                WHERE {counted.HoursPredicate(sql, tenantId)}
                ORDER BY hour DESC, number DESC LIMIT {MaxFailureRows})
                UNION ALL
                SELECT {CountedSpan.Hour} AS hour, code, count(*), max(start_date_time)
                FROM {FailedRuns(counted, sql, tenantId)} AS others
                GROUP BY 1, 2)
            """;

    private static NpgsqlBatchCommand FailuresByCodeOfHours(CountedSpan counted, TenantId tenantId, int maxCodes)
    {
        var sql = new RunSql();
        var code = RunTable.Of(RunField.BlockingErrorCode).Expression;
        return sql.Command(
            $"""
            SELECT code, runs, last_start, (
                    SELECT id FROM runs
                    WHERE tenant_id = {sql.Parameter(tenantId.Value)} AND status = {RunStatus.Failed.Number}
                        AND start_date_time = codes.last_start AND {code} IS NOT DISTINCT FROM codes.code
                    ORDER BY id DESC LIMIT 1),
                read
            FROM (
                SELECT code, sum(runs)::bigint AS runs, max(last_start) AS last_start, sum(count(*)) OVER () AS read
                FROM {FailuresOfHours(counted, sql, tenantId)} AS failures
                GROUP BY code
                ORDER BY sum(runs) DESC, max(last_start) DESC LIMIT {maxCodes}) AS codes
            ORDER BY runs DESC, last_start DESC
            """
        );
    }

    private static NpgsqlBatchCommand FailuresByTimeOfHours(
        CountedSpan counted,
        TenantId tenantId,
        StartSpan span,
        TimeSpan bucket,
        int maxCodes
    )
    {
        var sql = new RunSql();
        var (length, from) = (sql.Parameter(bucket), sql.Parameter(span.From.UtcDateTime));
        return sql.Command(
            $"""
            WITH failures AS MATERIALIZED (
                    SELECT date_bin({length}, hour, {from}) AS bucket, code, sum(runs)::bigint AS runs, count(*) AS rows
                    FROM {FailuresOfHours(counted, sql, tenantId)} AS failures
                    GROUP BY 1, 2),
                codes AS (
                    SELECT code, sum(sum(rows)) OVER () AS read FROM failures
                    GROUP BY code ORDER BY sum(runs) DESC, code LIMIT {maxCodes})
            SELECT bucket, failures.code, runs, read
            FROM failures JOIN codes ON codes.code IS NOT DISTINCT FROM failures.code
            ORDER BY bucket, failures.code
            """
        );
    }

    private static string EndedRuns(CountedSpan counted, RunSql sql, TenantId tenantId, string columns) =>
        counted.OtherRuns(
            sql,
            tenantId,
            $"start_date_time, {columns}",
            $"AND status <> {RunStatus.Running.Number} AND end_date_time IS NOT NULL"
        );

    private static string FailedRuns(CountedSpan counted, RunSql sql, TenantId tenantId) =>
        counted.OtherRuns(
            sql,
            tenantId,
            $"start_date_time, {RunTable.Of(RunField.BlockingErrorCode).Expression} AS code",
            $"AND status = {RunStatus.Failed.Number}"
        );

    /// <summary>
    /// Returns the span of criteria that are nothing but a span of the start time; null for other criteria.
    /// </summary>
    private static StartSpan? SpanOf(RunCriteria criteria) =>
        criteria
            is {
                SearchTerms.Count: 0,
                Filter: LogicalFilter
                {
                    IsConjunction: true,
                    Operands: [
                        ComparisonFilter
                        {
                            Left: { Field: RunField.StartDateTime, ToLower: false },
                            Operator: ComparisonOperator.GreaterOrEqual,
                            Right: { Field: null, Value: DateTimeOffset from }
                        },
                        ComparisonFilter
                        {
                            Left: { Field: RunField.StartDateTime, ToLower: false },
                            Operator: ComparisonOperator.Less,
                            Right: { Field: null, Value: DateTimeOffset to }
                        },
                    ]
                }
            }
        && to > from
            ? new StartSpan(from, to)
            : null;
}
