using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Distribution;

/// <summary>
/// The function that adds new runs of one tenant on the node that has its rows. Citus delegates the whole call to the
/// node, so that it takes one round trip and one commit there.
/// </summary>
internal static class AddRunsFunction
{
    private const string Name = "add_runs";

    // The parameters before those with the columns of the runs.
    private static readonly string[] _firstTypes = ["uuid", "smallint", "date[]", "uuid[]", "bytea[]", "boolean[]"];

    private static readonly RunColumn[] _columns = [.. RunTable.Columns.Where(c => c.Name != "tenant_id")];

    private static readonly string _call =
        $"SELECT {Name}("
        + string.Join(
            ", ",
            Enumerable
                .Range(1, _firstTypes.Length + _columns.Length + RunBulkInsert.ActivityColumns.Count)
                .Select(i => $"${i}")
        )
        + ")";

    /// <summary>Returns the name of the function with the types of its parameters.</summary>
    /// <param name="typeOf">Returns the type of a column of a table.</param>
    public static string Signature(Func<string, string, string> typeOf) => $"{Name}({Types(typeOf)})";

    /// <summary>Returns the statement that creates the function.</summary>
    /// <param name="typeOf">Returns the type of a column of a table.</param>
    public static string CreateSql(Func<string, string, string> typeOf)
    {
        var names = _columns.Select(c => c.Name).ToList();
        var arrays = names.ToDictionary(name => name, name => $"${_firstTypes.Length + names.IndexOf(name) + 1}");
        var activityNames = RunBulkInsert.ActivityColumns;
        var activityArrays = activityNames.Select((_, i) => $"${_firstTypes.Length + names.Count + i + 1}").ToList();
        string Columns(IEnumerable<string> columns) => string.Join(", ", columns);
        return $"""
            CREATE OR REPLACE FUNCTION {Name}({Types(typeOf)}) RETURNS integer[]
                LANGUAGE plpgsql
            AS $$
            DECLARE
                tenant ALIAS FOR $1;
                hashes ALIAS FOR $4;
                change bigint;
                used uuid[] := ARRAY[]::uuid[];
                places integer[];
                counted record;
            BEGIN
                -- The lock of the clock lets no other transaction add keys of the tenant meanwhile.
                change := {TenantClocks.Advance}(tenant);
                IF EXISTS (SELECT FROM unnest(hashes) AS hash WHERE hash IS NOT NULL) THEN
                    SELECT coalesce(array_agg(key_hash), used) INTO used FROM idempotency_records
                    WHERE tenant_id = tenant AND key_hash = ANY (hashes);
                    places := ARRAY(
                        SELECT place FROM (
                            SELECT hash, place, row_number() OVER (PARTITION BY hash ORDER BY place) AS number
                            FROM unnest(hashes) WITH ORDINALITY AS given (hash, place)) AS keys
                        WHERE hash IS NULL OR (number = 1 AND hash <> ALL (used))
                        ORDER BY place);
                    INSERT INTO idempotency_records (
                        tenant_id, key_hash, request_fingerprint, resource_id, return_representation,
                        created_date_time)
                    SELECT tenant, hash, fingerprint, run, includes, created
                    FROM unnest(hashes, $5, {arrays["id"]}, $6, {arrays["created_date_time"]}) WITH ORDINALITY
                        AS keys (hash, fingerprint, run, includes, created, place)
                    WHERE hash IS NOT NULL AND place = ANY (places);
                ELSE
                    places := ARRAY(SELECT generate_series(1, cardinality(hashes)));
                END IF;

                INSERT INTO runs (tenant_id, {Columns(names)}, change_number)
                SELECT tenant, {Columns(names.Select(n => $"added.{n}"))}, change
                FROM unnest({Columns(names.Select(n => arrays[n]))}) WITH ORDINALITY
                    AS added ({Columns(names)}, place)
                WHERE place = ANY (places);

                IF cardinality({activityArrays[0]}) > 0 THEN
                    INSERT INTO run_activities (tenant_id, {Columns(activityNames)})
                    SELECT tenant, {Columns(activityNames.Select(n => $"added.{n}"))}
                    FROM unnest({Columns(activityArrays)}) AS added ({Columns(activityNames)})
                    WHERE added.{activityNames[0]} IN (
                        SELECT id FROM unnest({arrays["id"]}) WITH ORDINALITY AS of_runs (id, place)
                        WHERE place = ANY (places));
                END IF;

                FOR counted IN
                    SELECT of_runs.quarter, of_runs.status, count(*) AS runs
                    FROM unnest($3, {arrays["status"]}) WITH ORDINALITY AS of_runs (quarter, status, place)
                    WHERE place = ANY (places)
                    GROUP BY of_runs.quarter, of_runs.status
                LOOP
                    INSERT INTO run_counts AS counts (tenant_id, quarter, status, shard, count)
                    VALUES (tenant, counted.quarter, counted.status, $2, counted.runs)
                    ON CONFLICT (tenant_id, quarter, status, shard) DO UPDATE SET count = counts.count + excluded.count;
                END LOOP;

                RETURN places;
            END
            $$
            """;
    }

    /// <summary>Creates the command that adds runs of one tenant. It returns the places of the added ones, from 1.</summary>
    /// <param name="insertions">The runs and their keys.</param>
    /// <param name="shard">The shard of the counters.</param>
    public static NpgsqlBatchCommand Call(IReadOnlyList<PendingInsert> insertions, short shard)
    {
        Run[] runs = [.. insertions.Select(i => i.Run)];
        var call = new NpgsqlBatchCommand(_call);
        call.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = runs[0].TenantId.Value });
        call.Parameters.Add(new NpgsqlParameter<short> { TypedValue = shard });
        call.Values(runs, r => r.Id.PartitionQuarter);
        call.Values(insertions, i => i.Key is { } key ? IdempotencyRecord.HashOf(key.Value) : (Guid?)null);
        call.Values(insertions, i => i.Key?.RequestFingerprint.ToArray());
        call.Values(insertions, i => i.Key?.IncludesRun);
        foreach (var column in _columns)
        {
            column.AddValues(call, runs);
        }

        RunBulkInsert.AddActivities(call, [.. runs.SelectMany(r => r.Activities)]);
        return call;
    }

    private static string Types(Func<string, string, string> typeOf) =>
        string.Join(
            ", ",
            [
                .. _firstTypes,
                .. _columns.Select(c => $"{typeOf("runs", c.Name)}[]"),
                .. RunBulkInsert.ActivityColumns.Select(name => $"{typeOf("run_activities", name)}[]"),
            ]
        );
}
