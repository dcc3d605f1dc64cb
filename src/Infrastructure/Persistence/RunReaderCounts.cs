using System.Numerics;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Npgsql;

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
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        var counted = await ReadCountedSpanAsync(session, tenantId, criteria, span, bucket);
        await session.ExecuteAsync(
            counted is null
                ? CountOfRuns(tenantId, criteria, span, bucket)
                : CountOfHours(counted, tenantId, span, bucket)
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
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        if (await ReadCountedSpanAsync(session, tenantId, criteria, span, bucket) is { } counted)
        {
            await session.ExecuteAsync(MeansOfHours(counted, tenantId, span, bucket));
            var means = await ReadMeansAsync(session);
            if (means.Sum(m => m.Count) > MaxSortedDurations)
            {
                await session.ExecuteAsync(PercentilesOfHours(counted, tenantId, span, bucket));
                for (var i = 0; await session.ReadAsync(); i++)
                {
                    means[i] = means[i] with
                    {
                        MedianDuration = DurationBins.ValueOf(session.Row.GetInt16(1)),
                        P95Duration = DurationBins.ValueOf(session.Row.GetInt16(2)),
                    };
                }

                return means;
            }
        }

        await session.ExecuteAsync(MeasuresOfRuns(tenantId, criteria, span, bucket));
        return await ReadMeasuresAsync(session);
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
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        if (await ReadCountedSpanAsync(session, tenantId, criteria, span, bucket: null) is { } counted)
        {
            await session.ExecuteAsync(FailuresByCodeOfHours(counted, tenantId, maxCodes));
            if (await ReadFailuresByCodeAsync(session, MaxFailureRows) is { IsCut: false } failures)
            {
                return failures;
            }
        }

        await session.ExecuteAsync(FailuresByCodeOfRuns(tenantId, criteria, span, maxRuns, maxCodes));
        return await ReadFailuresByCodeAsync(session, maxRuns);
    }

    private static async Task<FailuresByCode> ReadFailuresByCodeAsync(ReadSession session, int maxRead)
    {
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
            isCut = row.GetDecimal(4) >= maxRead;
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
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        if (await ReadCountedSpanAsync(session, tenantId, criteria, span, bucket) is { } counted)
        {
            await session.ExecuteAsync(FailuresByTimeOfHours(counted, tenantId, span, bucket, maxCodes));
            if (await ReadFailuresByTimeAsync(session, MaxFailureRows) is { IsCut: false } failures)
            {
                return failures;
            }
        }

        await session.ExecuteAsync(FailuresByTimeOfRuns(tenantId, criteria, span, bucket, maxRuns, maxCodes));
        return await ReadFailuresByTimeAsync(session, maxRuns);
    }

    private static async Task<FailuresByTime> ReadFailuresByTimeAsync(ReadSession session, int maxRead)
    {
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
            isCut = row.GetDecimal(3) >= maxRead;
        }

        return new FailuresByTime(counts, isCut);
    }

    private static NpgsqlBatchCommand CountOfRuns(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket
    )
    {
        var sql = new RunSql();
        var (from, to) = (sql.Parameter(span.From.UtcDateTime), sql.Parameter(span.To.UtcDateTime));
        var length = sql.Parameter(bucket);
        return sql.Command(
            $"""
            SELECT date_bin({length}, start_date_time, {from}) AS bucket, status, count(*)
            FROM runs
            WHERE {sql.TenantPredicate(tenantId.Value, criteria)}
                AND start_date_time >= {from} AND start_date_time < {to}
            GROUP BY bucket, status
            ORDER BY bucket, status
            """
        );
    }

    private static NpgsqlBatchCommand MeasuresOfRuns(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket
    )
    {
        var sql = new RunSql();
        var (from, to) = (sql.Parameter(span.From.UtcDateTime), sql.Parameter(span.To.UtcDateTime));
        var length = sql.Parameter(bucket);
        return sql.Command(
            $"""
            SELECT date_bin({length}, start_date_time, {from}) AS bucket, count(*),
                {string.Join(", ", RunTable.Totals.Select(t => $"round(avg({RunTable.Of(t).Expression}))"))},
                percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (
                    ORDER BY extract(epoch FROM end_date_time - start_date_time)::double precision)
            FROM runs
            WHERE {sql.TenantPredicate(tenantId.Value, criteria)}
                AND start_date_time >= {from} AND start_date_time < {to}
                AND status <> {RunStatus.Running.Number} AND end_date_time IS NOT NULL
            GROUP BY bucket
            ORDER BY bucket
            """
        );
    }

    /// <summary>Reads measures. The last column has the median and the percentile of the durations in s.</summary>
    private static async Task<List<RunMeasuresOfTime>> ReadMeasuresAsync(ReadSession session)
    {
        var measures = new List<RunMeasuresOfTime>();
        while (await session.ReadAsync())
        {
            var seconds = session.Row.GetFieldValue<double[]>(RunTable.Totals.Count + 2);
            measures.Add(
                ReadMeans(session.Row) with
                {
                    MedianDuration = TimeSpan.FromSeconds(seconds[0]),
                    P95Duration = TimeSpan.FromSeconds(seconds[1]),
                }
            );
        }

        return measures;
    }

    /// <summary>Reads measures without the durations.</summary>
    private static async Task<List<RunMeasuresOfTime>> ReadMeansAsync(ReadSession session)
    {
        var means = new List<RunMeasuresOfTime>();
        while (await session.ReadAsync())
        {
            means.Add(ReadMeans(session.Row));
        }

        return means;
    }

    private static RunMeasuresOfTime ReadMeans(NpgsqlDataReader row)
    {
        var means = RunTable
            .Totals.Select((total, i) => (total, i))
            .ToDictionary(
                t => t.total,
                t => row.IsDBNull(t.i + 2) ? (long?)null : (long)row.GetFieldValue<BigInteger>(t.i + 2)
            );
        return new RunMeasuresOfTime(
            row.GetFieldValue<DateTimeOffset>(0),
            row.GetInt64(1),
            default,
            default,
            new InboundTotals
            {
                Errors = means[RunField.Errors],
                Warnings = means[RunField.Warnings],
                Groups = means[RunField.Groups],
                Memberships = means[RunField.Memberships],
                Organizations = means[RunField.Organizations],
                People = means[RunField.People],
            }
        );
    }

    private static NpgsqlBatchCommand FailuresByCodeOfRuns(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        int maxRuns,
        int maxCodes
    )
    {
        var sql = new RunSql();
        return sql.Command(
            $"""
            SELECT code, count(*), max(start_date_time),
                (array_agg(id ORDER BY start_date_time DESC, id DESC))[1],
                sum(count(*)) OVER ()
            FROM ({NewestFailures(sql, tenantId, criteria, span, maxRuns)}) AS failed
            GROUP BY code
            ORDER BY count(*) DESC, max(start_date_time) DESC LIMIT {maxCodes}
            """
        );
    }

    private static NpgsqlBatchCommand FailuresByTimeOfRuns(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        TimeSpan bucket,
        int maxRuns,
        int maxCodes
    )
    {
        var sql = new RunSql();
        var (length, from) = (sql.Parameter(bucket), sql.Parameter(span.From.UtcDateTime));
        return sql.Command(
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
        );
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
