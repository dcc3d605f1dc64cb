-- Attaches the detached partitions of a period, such as '2023q4', again, and counts their runs. The period is the part
-- of the name before _expired. Returns the number of attached partitions.
CREATE OR REPLACE FUNCTION attach_expired_runs(suffix text) RETURNS integer
    LANGUAGE plpgsql
AS $$
DECLARE
    period record;
    parent text;
    partition text;
    was_counted boolean;
    attached integer := 0;
BEGIN
    SELECT first, until INTO period FROM partition_period(suffix);
    -- The count by hour locks rows before tables too.
    LOCK TABLE run_hour_progress IN EXCLUSIVE MODE;
    FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
        partition := parent || '_' || suffix;
        CONTINUE WHEN to_regclass(partition || '_expired') IS NULL;
        EXECUTE format('ALTER TABLE %I RENAME TO %I', partition || '_expired', partition);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, partition, uuid_v7_lower_bound(period.first), uuid_v7_lower_bound(period.until));
        DELETE FROM expired_partitions WHERE name = partition || '_expired' RETURNING is_counted INTO was_counted;
        attached := attached + 1;
        IF parent = 'runs' THEN
            PERFORM recount_run_hours(partition);
        END IF;

        IF parent = 'runs' AND was_counted IS NOT TRUE THEN
            INSERT INTO run_counts AS stored (tenant_id, quarter, status, shard, count)
            SELECT counted.tenant_id, counted.quarter, counted.status, 0, counted.count
            FROM count_partition(partition, period.first) AS counted
            ON CONFLICT (tenant_id, quarter, status, shard) DO UPDATE SET count = stored.count + excluded.count;
        END IF;
    END LOOP;

    RETURN attached;
END
$$;
