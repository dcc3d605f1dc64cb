-- The coordinator keeps the rows that were there before the tables were distributed, and compares them with the bounds
-- of new partitions.
SELECT truncate_local_data_after_distributing_table(logicalrelid) FROM pg_dist_partition;

-- Replaces the functions of maintenance whose statements Citus cannot plan.

-- As create_runs_partition_of_width.sql, but the new table is distributed before it is attached. The rows of the period
-- are moved only if there are any, with two statements. Citus locks all partitions for each write, so that writes wait
-- from the lock of the default partition on until the end.
CREATE OR REPLACE FUNCTION create_runs_partition(instant timestamptz, width text) RETURNS timestamptz
    LANGUAGE plpgsql
    SET lock_timeout = '100ms'
AS $$
DECLARE
    has_rows integer;
    unit text;
    period record;
    first_id uuid;
    end_id uuid;
    parent text;
    key text;
    partition text;
BEGIN
    IF width NOT IN ('quarter', 'month', 'week', 'day') THEN
        RAISE EXCEPTION 'The width of partitions is %, but must be quarter, month, week or day.', width;
    END IF;

    SELECT attached.until INTO period FROM attached_partitions() AS attached
    WHERE attached.parent = 'runs' AND attached.first <= instant AND instant < attached.until;
    IF FOUND THEN
        RETURN period.until;
    END IF;

    FOREACH unit IN ARRAY CASE width
        WHEN 'quarter' THEN ARRAY['quarter', 'month', 'day']
        WHEN 'month' THEN ARRAY['month', 'day']
        WHEN 'week' THEN ARRAY['week', 'day']
        ELSE ARRAY['day'] END
    LOOP
        SELECT named.suffix, named_period.first, named_period.until INTO period
        FROM to_char(
                date_trunc(unit, instant AT TIME ZONE 'UTC'),
                CASE unit
                    WHEN 'quarter' THEN 'YYYY"q"Q'
                    WHEN 'month' THEN 'YYYY"m"MM'
                    WHEN 'week' THEN 'IYYY"w"IW'
                    ELSE 'YYYYMMDD' END) AS named (suffix)
            CROSS JOIN LATERAL partition_period(named.suffix) AS named_period;
        EXIT WHEN NOT EXISTS (
            SELECT FROM attached_partitions() AS attached
            WHERE attached.first < period.until AND attached.until > period.first);
    END LOOP;

    SET LOCAL citus.multi_shard_modify_mode = 'sequential';
    first_id := uuid_v7_lower_bound(period.first);
    end_id := uuid_v7_lower_bound(period.until);
    FOR parent, key IN VALUES ('runs', 'id'), ('run_activities', 'run_id') LOOP
        partition := parent || '_' || period.suffix;
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', partition, parent);
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
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, partition, first_id, end_id);
    END LOOP;

    RETURN period.until;
END
$$;

-- As in expire_partitions.sql.
CREATE OR REPLACE FUNCTION delete_counts_before(instant timestamptz) RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    ended date;
BEGIN
    FOR ended IN
        SELECT DISTINCT quarter FROM run_counts
        WHERE quarter < date_trunc('quarter', instant AT TIME ZONE 'UTC')::date
    LOOP
        CONTINUE WHEN EXISTS (
            SELECT FROM (
                SELECT first, until FROM attached_partitions() WHERE parent = 'runs'
                UNION ALL
                SELECT period.first, period.until
                FROM expired_partitions
                    CROSS JOIN LATERAL partition_period(
                        substring(expired_partitions.name FROM '^runs_(.*)_expired$')) AS period
                WHERE expired_partitions.is_counted) AS kept
            WHERE kept.first < (ended + interval '3 months') AT TIME ZONE 'UTC'
                AND kept.until > ended::timestamp AT TIME ZONE 'UTC');
        EXECUTE format('DELETE FROM run_counts WHERE quarter = %L', ended);
    END LOOP;
END
$$;

-- Runs are not counted by hour.
CREATE OR REPLACE FUNCTION recount_run_hours(partition regclass) RETURNS void
    LANGUAGE sql
    RETURN NULL;
