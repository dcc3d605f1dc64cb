-- The coordinator keeps the rows that were there before the tables were distributed, and compares them with the bounds
-- of new partitions.
SELECT truncate_local_data_after_distributing_table(logicalrelid) FROM pg_dist_partition;

-- As in partition_rows.sql, but the new partition is distributed first, and rows are moved only if there are any, with
-- two statements that Citus can plan. Citus locks all partitions for each write, so that writes wait from the lock of
-- the default partition on until the end.
CREATE OR REPLACE FUNCTION fill_partition(partition text, parent text, key text, first_id uuid, end_id uuid)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    has_rows integer;
BEGIN
    SET LOCAL citus.multi_shard_modify_mode = 'sequential';
    PERFORM create_distributed_table(partition::regclass, 'tenant_id', colocate_with => 'runs');
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', parent || '_default');
    EXECUTE format(
        'SELECT 1 FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L LIMIT 1',
        parent || '_default', key, first_id, end_id) INTO has_rows;
    IF has_rows IS NOT NULL THEN
        EXECUTE format(
            'INSERT INTO %1$I SELECT * FROM %2$I WHERE %3$I >= %4$L AND %3$I < %5$L',
            partition, parent || '_default', key, first_id, end_id);
        EXECUTE format(
            'DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L', parent || '_default', key, first_id, end_id);
    END IF;
END
$$;

-- Runs are not counted by hour.
CREATE OR REPLACE FUNCTION recount_run_hours(partition regclass) RETURNS void
    LANGUAGE sql
    RETURN NULL;
