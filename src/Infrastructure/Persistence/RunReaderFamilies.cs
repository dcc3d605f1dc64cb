using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The part of the reader that reads what is compared within families.</summary>
internal sealed partial class RunReader
{
    private const string FamilyColumns =
        "id, display_name, start_date_time, end_date_time, status, inbound_errors, inbound_warnings, inbound_groups, "
        + "inbound_memberships, inbound_organizations, inbound_people";

    private static readonly string _newestFirst = RunSql.OrderBy(RunOrderKey.NewestFirst);

    public Task<IReadOnlyList<FamilyRun>> ListNewestAsync(
        TenantId tenantId,
        int limit,
        CancellationToken cancellationToken
    )
    {
        var sql = new RunSql();
        return ReadFamilyRunsAsync(
            tenantId,
            sql,
            $"""
            SELECT {FamilyColumns} FROM runs WHERE tenant_id = {sql.Parameter(tenantId.Value)}
            ORDER BY {_newestFirst} LIMIT {limit}
            """,
            cancellationToken
        );
    }

    public Task<IReadOnlyList<FamilyRun>> ListNeighborsAsync(
        TenantId tenantId,
        string prefix,
        RunPosition run,
        bool isForward,
        int maxScanned,
        CancellationToken cancellationToken
    )
    {
        var sql = new RunSql();
        var tenant = sql.Parameter(tenantId.Value);
        var (start, id) = (sql.Parameter(run.StartDateTime.UtcDateTime), sql.Parameter(run.Id));
        var order = isForward ? "start_date_time, id" : _newestFirst;
        return ReadFamilyRunsAsync(
            tenantId,
            sql,
            $"""
            SELECT * FROM (
                SELECT {FamilyColumns} FROM runs
                WHERE tenant_id = {tenant} AND (start_date_time, id) {(isForward ? ">" : "<=")} ({start}, {id})
                ORDER BY {order} LIMIT {maxScanned}) AS scanned
            WHERE starts_with(display_name, {sql.Parameter(prefix)})
            ORDER BY {order}
            """,
            cancellationToken
        );
    }

    public Task<IReadOnlyList<FamilyRun>> ListOpenAsync(
        TenantId tenantId,
        StartSpan span,
        DateTimeOffset now,
        DateTimeOffset earliestStart,
        int limit,
        CancellationToken cancellationToken
    )
    {
        // The end of a run that is running is only expected.
        var sql = new RunSql();
        var tenant = sql.Parameter(tenantId.Value);
        var (from, to) = (sql.Parameter(span.From.UtcDateTime), sql.Parameter(span.To.UtcDateTime));
        return ReadFamilyRunsAsync(
            tenantId,
            sql,
            $"""
            SELECT {FamilyColumns} FROM runs
            WHERE tenant_id = {tenant}
                AND start_date_time >= {sql.Parameter(earliestStart.UtcDateTime)} AND start_date_time < {to}
                AND (start_date_time >= {from}
                    OR CASE WHEN status = {RunStatus.Running.Number}
                        THEN {sql.Parameter(now.UtcDateTime)} ELSE end_date_time END > {from})
            ORDER BY {_newestFirst} LIMIT {limit}
            """,
            cancellationToken
        );
    }

    private async Task<IReadOnlyList<FamilyRun>> ReadFamilyRunsAsync(
        TenantId tenantId,
        RunSql sql,
        string text,
        CancellationToken cancellationToken
    )
    {
        await using var session = await sessions.OpenAsync(tenantId, time: null, cancellationToken);
        await session.ExecuteAsync(sql.Command(text));
        var runs = new List<FamilyRun>();
        while (await session.ReadAsync())
        {
            var row = session.Row;
            runs.Add(
                new FamilyRun(
                    row.GetGuid(0),
                    row.GetString(1),
                    row.GetFieldValue<DateTimeOffset>(2),
                    row.IsDBNull(3) ? null : row.GetFieldValue<DateTimeOffset>(3),
                    RunStatus.FromNumber(row.GetInt16(4)).Name,
                    new InboundTotals
                    {
                        Errors = Total(5),
                        Warnings = Total(6),
                        Groups = Total(7),
                        Memberships = Total(8),
                        Organizations = Total(9),
                        People = Total(10),
                    }
                )
            );

            long? Total(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
        }

        return runs;
    }
}
