using System.Numerics;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The part of the reader that counts runs in groups.</summary>
internal sealed partial class RunReader
{
    public async Task<IReadOnlyList<RunCountOfTime>> CountByTimeAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket,
        CancellationToken cancellationToken
    )
    {
        var sql = new RunSql();
        var (from, to) = (sql.Parameter(span.From.UtcDateTime), sql.Parameter(span.To.UtcDateTime));
        var length = sql.Parameter(bucket);
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        await session.ExecuteAsync(
            sql.Command(
                $"""
                SELECT date_bin({length}, start_date_time, {from}) AS bucket, status, count(*)
                FROM runs
                WHERE {sql.TenantPredicate(tenantId.Value, criteria)}
                    AND start_date_time >= {from} AND start_date_time < {to}
                GROUP BY bucket, status
                ORDER BY bucket, status
                """
            )
        );
        var counts = new List<RunCountOfTime>();
        while (await session.ReadAsync())
        {
            counts.Add(
                new RunCountOfTime(
                    session.Row.GetFieldValue<DateTimeOffset>(0),
                    RunStatus.FromNumber(session.Row.GetInt16(1)).Name,
                    session.Row.GetInt64(2)
                )
            );
        }

        return counts;
    }

    public async Task<IReadOnlyList<RunMeasuresOfTime>> MeasureByTimeAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket,
        CancellationToken cancellationToken
    )
    {
        var sql = new RunSql();
        var (from, to) = (sql.Parameter(span.From.UtcDateTime), sql.Parameter(span.To.UtcDateTime));
        var length = sql.Parameter(bucket);
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        await session.ExecuteAsync(
            sql.Command(
                $"""
                SELECT date_bin({length}, start_date_time, {from}) AS bucket, count(*),
                    percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (
                        ORDER BY extract(epoch FROM end_date_time - start_date_time)::double precision),
                    {string.Join(", ", _totals.Select(t => $"round(avg({RunTable.Of(t).Expression}))"))}
                FROM runs
                WHERE {sql.TenantPredicate(tenantId.Value, criteria)}
                    AND start_date_time >= {from} AND start_date_time < {to}
                    AND status <> {RunStatus.Running.Number} AND end_date_time IS NOT NULL
                GROUP BY bucket
                ORDER BY bucket
                """
            )
        );
        var measures = new List<RunMeasuresOfTime>();
        while (await session.ReadAsync())
        {
            var row = session.Row;
            var seconds = row.GetFieldValue<double[]>(2);
            var means = _totals
                .Select((total, i) => (total, i))
                .ToDictionary(
                    t => t.total,
                    t => row.IsDBNull(t.i + 3) ? (long?)null : (long)row.GetFieldValue<BigInteger>(t.i + 3)
                );
            measures.Add(
                new RunMeasuresOfTime(
                    row.GetFieldValue<DateTimeOffset>(0),
                    row.GetInt64(1),
                    TimeSpan.FromSeconds(seconds[0]),
                    TimeSpan.FromSeconds(seconds[1]),
                    new InboundTotals
                    {
                        Errors = means[RunField.Errors],
                        Warnings = means[RunField.Warnings],
                        Groups = means[RunField.Groups],
                        Memberships = means[RunField.Memberships],
                        Organizations = means[RunField.Organizations],
                        People = means[RunField.People],
                    }
                )
            );
        }

        return measures;
    }

    public async Task<FailuresByCode> CountFailuresAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        int maxRuns,
        int maxCodes,
        CancellationToken cancellationToken
    )
    {
        var sql = new RunSql();
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        await session.ExecuteAsync(
            sql.Command(
                $"""
                SELECT code, count(*), max(start_date_time), (array_agg(id ORDER BY start_date_time DESC))[1],
                    sum(count(*)) OVER ()
                FROM ({NewestFailures(sql, tenantId, criteria, span, maxRuns)}) AS failed
                GROUP BY code
                ORDER BY count(*) DESC, max(start_date_time) DESC LIMIT {maxCodes}
                """
            )
        );
        var (codes, isCut) = (new List<FailuresOfCode>(), false);
        while (await session.ReadAsync())
        {
            var row = session.Row;
            codes.Add(
                new FailuresOfCode(
                    row.IsDBNull(0) ? null : row.GetString(0),
                    row.GetInt64(1),
                    row.GetFieldValue<DateTimeOffset>(2),
                    row.GetGuid(3)
                )
            );
            isCut = row.GetDecimal(4) >= maxRuns;
        }

        return new FailuresByCode(codes, isCut);
    }

    public async Task<FailuresByTime> CountFailuresByTimeAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket,
        int maxRuns,
        int maxCodes,
        CancellationToken cancellationToken
    )
    {
        var sql = new RunSql();
        var (length, from) = (sql.Parameter(bucket), sql.Parameter(span.From.UtcDateTime));
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        await session.ExecuteAsync(
            sql.Command(
                $"""
                WITH failed AS MATERIALIZED ({NewestFailures(sql, tenantId, criteria, span, maxRuns)}),
                    codes AS (
                        SELECT code, sum(count(*)) OVER () AS read FROM failed
                        GROUP BY code ORDER BY count(*) DESC, code LIMIT {maxCodes})
                SELECT date_bin({length}, start_date_time, {from}) AS bucket, failed.code, count(*), max(read)
                FROM failed JOIN codes ON codes.code IS NOT DISTINCT FROM failed.code
                GROUP BY bucket, failed.code
                ORDER BY bucket, failed.code
                """
            )
        );
        var (counts, isCut) = (new List<FailureCountOfTime>(), false);
        while (await session.ReadAsync())
        {
            var row = session.Row;
            counts.Add(
                new FailureCountOfTime(
                    row.GetFieldValue<DateTimeOffset>(0),
                    row.IsDBNull(1) ? null : row.GetString(1),
                    row.GetInt64(2)
                )
            );
            isCut = row.GetDecimal(3) >= maxRuns;
        }

        return new FailuresByTime(counts, isCut);
    }

    private static string NewestFailures(
        RunSql sql,
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        int maxRuns
    ) =>
        $"""
            SELECT {RunTable.Of(RunField.BlockingErrorCode).Expression} AS code, start_date_time, id FROM runs
            WHERE {sql.TenantPredicate(tenantId.Value, criteria)} AND status = {RunStatus.Failed.Number}
                AND start_date_time >= {sql.Parameter(span.From.UtcDateTime)}
                AND start_date_time < {sql.Parameter(span.To.UtcDateTime)}
            ORDER BY start_date_time DESC, id DESC LIMIT {maxRuns}
            """;
}
