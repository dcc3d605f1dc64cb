namespace IndustryData.Infrastructure.FaultTests.Postgres;

/// <summary>
/// Fills tables with many rows through SQL. Each row is a copy of a row that the service wrote, so that the SQL does
/// not depend on the columns.
/// </summary>
internal static class Seed
{
    /// <summary>Adds runs of a tenant.</summary>
    public static Task RunsAsync(Cluster cluster, Guid tenant, int count) =>
        cluster.ExecuteAsync(
            $$"""
            INSERT INTO runs
            SELECT (jsonb_populate_record(r, jsonb_build_object(
                'id', {{NewId("r")}},
                'display_name', 'run ' || n,
                'start_date_time', r.start_date_time - n * interval '1 second'))).*
            FROM runs AS r, generate_series(1, {{count}}) AS n
            WHERE r.tenant_id = '{{tenant}}' AND r.id = (SELECT id FROM runs WHERE tenant_id = '{{tenant}}' LIMIT 1);
            ANALYZE runs;
            """
        );

    /// <summary>Adds activities to a run that has one.</summary>
    public static Task ActivitiesAsync(Cluster cluster, string run, int count) =>
        cluster.ExecuteAsync(
            $$"""
            INSERT INTO run_activities
            SELECT (jsonb_populate_record(a, jsonb_build_object('id', {{NewId("a")}}))).*
            FROM run_activities AS a, generate_series(1, {{count}}) AS n
            WHERE a.run_id = '{{run}}' AND a.id = (SELECT id FROM run_activities WHERE run_id = '{{run}}' LIMIT 1);
            ANALYZE run_activities;
            """
        );

    // Returns a UUID with the same millisecond and version as that of the row, and other random bits.
    private static string NewId(string row) =>
        $"left({row}.id::text, 15) || substr(md5(n::text), 1, 3) || '-a' || substr(md5(n::text), 4, 3)"
        + " || '-' || substr(md5(n::text), 7, 12)";
}
