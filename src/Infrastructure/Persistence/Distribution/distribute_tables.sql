-- Distributes the tables of the tenants over the nodes of a Citus cluster. All rows of a tenant are on the same node.
-- Does nothing if the tables are distributed already. Tables without a tenant, and those with few rows, stay on the
-- coordinator.
--
-- What the cluster cannot keep is removed: row-level security, because the roles of the service cannot log in to the
-- nodes; the counts by hour and the ranges of starts, because Citus has no triggers on distributed tables.
DO $$
DECLARE
    distributed regclass;
    partition regclass;
BEGIN
    IF EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'runs'::regclass) THEN
        RETURN;
    END IF;

    SET LOCAL citus.multi_shard_modify_mode = 'sequential';
    DROP TRIGGER mark_hours_of_deleted ON runs;
    DROP TRIGGER mark_hours_of_changed ON runs;
    FOR partition IN SELECT tgrelid FROM pg_trigger WHERE tgname = 'widen_run_starts' LOOP
        EXECUTE format('DROP TRIGGER widen_run_starts ON %s', partition);
    END LOOP;
    DELETE FROM run_start_ranges;
    UPDATE run_start_versions SET version = gen_random_uuid();
    TRUNCATE run_hours, run_hour_durations, run_hour_failures, outdated_run_hours, run_hour_progress;

    -- A run has the number of its tenant's clock, not that of a transaction: each node counts its own transactions.
    ALTER TABLE runs ALTER COLUMN change_number DROP DEFAULT;
    CREATE TABLE tenant_clocks (
        tenant_id uuid NOT NULL CONSTRAINT pk_tenant_clocks PRIMARY KEY,
        number bigint NOT NULL
    ) WITH (fillfactor = 50);
    INSERT INTO tenant_clocks (tenant_id, number)
    SELECT tenant_id, max(change_number)
    FROM (
        SELECT tenant_id, change_number FROM runs
        UNION ALL
        SELECT tenant_id, change_number FROM run_tombstones) AS changes
    GROUP BY tenant_id;

    FOREACH distributed IN ARRAY ARRAY['runs', 'run_activities', 'run_counts', 'run_starts', 'run_tombstones',
        'idempotency_records', 'run_hours', 'run_hour_durations', 'run_hour_failures', 'outdated_run_hours',
        'run_hour_progress', 'tenant_clocks']::regclass[]
    LOOP
        EXECUTE format('DROP POLICY IF EXISTS one_tenant ON %s', distributed);
        EXECUTE format('DROP POLICY IF EXISTS every_tenant ON %s', distributed);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', distributed);
        PERFORM create_distributed_table(
            distributed, 'tenant_id',
            colocate_with => CASE WHEN distributed = 'runs'::regclass THEN 'default' ELSE 'runs' END);
    END LOOP;
END
$$;
