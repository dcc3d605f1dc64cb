-- Creates the partitions of runs and run_activities for the quarter of an instant. A partition is created as a separate
-- table and then attached, so that no transaction waits long for it. The rows of the quarter are moved from the default
-- partition, which received them before the partition existed.
--
-- All other transactions wait behind one that waits for an exclusive lock. A commit waits for 200 ms, so that this
-- function waits for less.
CREATE FUNCTION create_runs_partition(quarter timestamptz) RETURNS void
    LANGUAGE plpgsql
    SET lock_timeout = '100ms'
AS $$
DECLARE
    first timestamp := date_trunc('quarter', quarter AT TIME ZONE 'UTC');
    first_id uuid := uuid_v7_lower_bound(first AT TIME ZONE 'UTC');
    end_id uuid := uuid_v7_lower_bound((first + interval '3 months') AT TIME ZONE 'UTC');
    parent text;
    key text;
    partition text;
BEGIN
    FOR parent, key IN VALUES ('runs', 'id'), ('run_activities', 'run_id') LOOP
        partition := parent || to_char(first, '"_"YYYY"q"Q');
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', partition, parent);
        EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', parent || '_default');
        EXECUTE format(
            'WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *)
            INSERT INTO %5$I SELECT * FROM moved',
            parent || '_default', key, first_id, end_id, partition);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, partition, first_id, end_id);
    END LOOP;
END
$$;
