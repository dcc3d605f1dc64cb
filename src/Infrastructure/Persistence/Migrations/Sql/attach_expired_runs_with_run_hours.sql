-- Attaches the detached partitions of a quarter, such as '2023q4', again, and counts their runs. Returns the number of
-- attached partitions.
CREATE OR REPLACE FUNCTION attach_expired_runs(quarter text) RETURNS integer
    LANGUAGE plpgsql
AS $$
DECLARE
    first timestamp := make_date(left(quarter, 4)::int, right(quarter, 1)::int * 3 - 2, 1);
    suffix text := to_char(first, '"_"YYYY"q"Q');
    parent text;
    partition text;
    attached integer := 0;
BEGIN
    -- The count by hour locks rows before tables too.
    LOCK TABLE run_hour_progress IN EXCLUSIVE MODE;
    FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
        partition := parent || suffix;
        CONTINUE WHEN to_regclass(partition || '_expired') IS NULL;
        EXECUTE format('ALTER TABLE %I RENAME TO %I', partition || '_expired', partition);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, partition, uuid_v7_lower_bound(first AT TIME ZONE 'UTC'),
            uuid_v7_lower_bound((first + interval '3 months') AT TIME ZONE 'UTC'));
        DELETE FROM expired_partitions WHERE name = partition || '_expired';
        attached := attached + 1;
        IF parent = 'runs' THEN
            PERFORM recount_run_hours(partition);
            EXECUTE format(
                'INSERT INTO run_counts AS counts (tenant_id, quarter, status, shard, count)
                SELECT tenant_id, %L::date, status, 0, count(*) FROM %I
                GROUP BY tenant_id, status ORDER BY tenant_id, status
                ON CONFLICT (tenant_id, quarter, status, shard)
                DO UPDATE SET count = counts.count + excluded.count',
                first::date, partition);
        END IF;
    END LOOP;

    RETURN attached;
END
$$;
