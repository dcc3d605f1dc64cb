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

    public async Task<IReadOnlyList<FailuresOfCode>> CountFailuresAsync(
        TenantId tenantId,
        RunCriteria criteria,
        StartSpan span,
        int maxRuns,
        int maxCodes,
        CancellationToken cancellationToken
    )
    {
        var sql = new RunSql();
        var (from, to) = (sql.Parameter(span.From.UtcDateTime), sql.Parameter(span.To.UtcDateTime));
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        await session.ExecuteAsync(
            sql.Command(
                $"""
                SELECT code, count(*), max(start_date_time), (array_agg(id ORDER BY start_date_time DESC))[1]
                FROM (
                    SELECT {RunTable.Of(RunField.BlockingErrorCode).Expression} AS code, start_date_time, id FROM runs
                    WHERE {sql.TenantPredicate(tenantId.Value, criteria)} AND status = {RunStatus.Failed.Number}
                        AND start_date_time >= {from} AND start_date_time < {to}
                    ORDER BY start_date_time DESC, id DESC LIMIT {maxRuns}) AS failed
                GROUP BY code
                ORDER BY count(*) DESC, max(start_date_time) DESC LIMIT {maxCodes}
                """
            )
        );
        var codes = new List<FailuresOfCode>();
        while (await session.ReadAsync())
        {
            codes.Add(
                new FailuresOfCode(
                    session.Row.IsDBNull(0) ? null : session.Row.GetString(0),
                    session.Row.GetInt64(1),
                    session.Row.GetFieldValue<DateTimeOffset>(2),
                    session.Row.GetGuid(3)
                )
            );
        }

        return codes;
    }
}
