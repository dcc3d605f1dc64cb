using IndustryData.Domain.Runs;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence.Distribution;

/// <summary>
/// The function that adds new runs on the node that has the rows of their tenants. Citus delegates the whole call to
/// the node of the first tenant, so that it takes one round trip and one commit there. If another tenant has moved to
/// another node meanwhile, the call commits on both.
/// </summary>
internal static class AddRunsFunction
{
    private const string Name = "add_runs";

    // The first tenant, the shard of the counters, and an array for each column of the runs and of their keys.
    private static readonly string[] _firstTypes =
    [
        "uuid",
        "smallint",
        "uuid[]",
        "date[]",
        "uuid[]",
        "bytea[]",
        "boolean[]",
    ];

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
                tenants ALIAS FOR $3;
                hashes ALIAS FOR $5;
                is_keyed boolean := EXISTS (SELECT FROM unnest($5) AS hash WHERE hash IS NOT NULL);
                owner uuid;
                owners uuid[];
                change bigint;
                changes bigint[];
                used uuid[];
                used_places integer[] := ARRAY[]::integer[];
                places integer[];
                counted record;
            BEGIN
                PERFORM {TenantClocks.SetCommitSettings};

                -- The locks of the clocks let no other transaction add keys of these tenants meanwhile. All
                -- transactions take them in the same order.
                FOR owner IN SELECT DISTINCT tenant FROM unnest(tenants) AS tenant ORDER BY tenant LOOP
                    {TenantClocks.AdvanceSql("owner", "change")};
                    owners := owners || owner;
                    changes := changes || change;
                    IF is_keyed THEN
                        SELECT array_agg(key_hash) INTO used FROM idempotency_records
                        WHERE tenant_id = owner AND key_hash = ANY (hashes);
                        used_places := used_places || ARRAY(
                            SELECT place::integer
                            FROM unnest(tenants, hashes) WITH ORDINALITY AS given (tenant, hash, place)
                            WHERE tenant = owner AND hash = ANY (used));
                    END IF;
                END LOOP;

                IF is_keyed THEN
                    places := ARRAY(
                        SELECT place FROM (
                            SELECT hash, place, row_number() OVER (PARTITION BY tenant, hash ORDER BY place) AS number
                            FROM unnest(tenants, hashes) WITH ORDINALITY AS given (tenant, hash, place)) AS keys
                        WHERE hash IS NULL OR (number = 1 AND place <> ALL (used_places))
                        ORDER BY place);
                    INSERT INTO idempotency_records (
                        tenant_id, key_hash, request_fingerprint, resource_id, return_representation,
                        created_date_time)
                    SELECT tenant, hash, fingerprint, run, includes, created
                    FROM unnest(tenants, hashes, $6, {arrays["id"]}, $7, {arrays["created_date_time"]}) WITH ORDINALITY
                        AS keys (tenant, hash, fingerprint, run, includes, created, place)
                    WHERE hash IS NOT NULL AND place = ANY (places);
                ELSE
                    places := ARRAY(SELECT generate_series(1, cardinality(tenants)));
                END IF;

                INSERT INTO runs (tenant_id, {Columns(names)}, change_number)
                SELECT added.tenant, {Columns(names.Select(n => $"added.{n}"))}, clock.change
                FROM unnest(tenants, {Columns(names.Select(n => arrays[n]))}) WITH ORDINALITY
                        AS added (tenant, {Columns(names)}, place)
                    JOIN unnest(owners, changes) AS clock (tenant, change) USING (tenant)
                WHERE place = ANY (places);

                IF cardinality({activityArrays[0]}) > 0 THEN
                    INSERT INTO run_activities (tenant_id, {Columns(activityNames)})
                    SELECT of_runs.tenant, {Columns(activityNames.Select(n => $"added.{n}"))}
                    FROM unnest({Columns(activityArrays)}) AS added ({Columns(activityNames)})
                        JOIN unnest(tenants, {arrays["id"]}) WITH ORDINALITY AS of_runs (tenant, id, place)
                            ON of_runs.id = added.{activityNames[0]}
                    WHERE place = ANY (places);
                END IF;

                FOR counted IN
                    SELECT tenant, quarter, status, count(*) AS runs
                    FROM unnest(tenants, $4, {arrays["status"]}) WITH ORDINALITY
                        AS of_runs (tenant, quarter, status, place)
                    WHERE place = ANY (places)
                    GROUP BY tenant, quarter, status
                LOOP
                    INSERT INTO run_counts AS counts (tenant_id, quarter, status, shard, count)
                    VALUES (counted.tenant, counted.quarter, counted.status, $2, counted.runs)
                    ON CONFLICT (tenant_id, quarter, status, shard) DO UPDATE SET count = counts.count + excluded.count;
                END LOOP;

                RETURN places;
            END
            $$
            """;
    }

    /// <summary>Creates the command that adds runs. It returns the places of the added ones, from 1.</summary>
    /// <param name="insertions">The runs and their keys.</param>
    /// <param name="shard">The shard of the counters.</param>
    public static NpgsqlBatchCommand Call(IReadOnlyList<PendingInsert> insertions, short shard)
    {
        Run[] runs = [.. insertions.Select(i => i.Run)];
        var call = new NpgsqlBatchCommand(_call);
        call.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = runs[0].TenantId.Value });
        call.Parameters.Add(new NpgsqlParameter<short> { TypedValue = shard });
        call.Values(runs, r => r.TenantId.Value);
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
