-- Counts the runs of a partition by tenant, quarter and status. A week can belong to two quarters.
CREATE FUNCTION count_partition(partition text, first timestamptz)
    RETURNS TABLE (tenant_id uuid, quarter date, status smallint, count bigint)
    LANGUAGE plpgsql
AS $$
DECLARE
    earlier timestamp := date_trunc('quarter', first AT TIME ZONE 'UTC');
    later timestamp := earlier + interval '3 months';
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT tenant_id, CASE WHEN id < %L THEN %L::date ELSE %L::date END AS quarter, status, count(*)
        FROM %I GROUP BY 1, 2, 3 ORDER BY 1, 2, 3',
        uuid_v7_lower_bound(later AT TIME ZONE 'UTC'), earlier, later, partition);
END
$$;

-- Deletes the counts of the quarters that ended before an instant, if no partition of the quarter is attached and none
-- has to be subtracted any more.
CREATE FUNCTION delete_counts_before(instant timestamptz) RETURNS void
    LANGUAGE sql
AS $$
    DELETE FROM run_counts AS counts
    WHERE counts.quarter + interval '3 months' <= instant AT TIME ZONE 'UTC'
        AND NOT EXISTS (
            SELECT FROM (
                SELECT first, until FROM attached_partitions() WHERE parent = 'runs'
                UNION ALL
                SELECT period.first, period.until
                FROM expired_partitions
                    CROSS JOIN LATERAL partition_period(
                        substring(expired_partitions.name FROM '^runs_(.*)_expired$')) AS period
                WHERE expired_partitions.is_counted) AS kept
            WHERE kept.first < (counts.quarter + interval '3 months') AT TIME ZONE 'UTC'
                AND kept.until > counts.quarter::timestamp AT TIME ZONE 'UTC')
$$;

-- Detaches the oldest partition that ended before an instant. Returns the number of detached tables; 0 if none is left.
-- A detached partition is dropped a day later, so that a wrong clock or setting can be corrected in between.
CREATE OR REPLACE FUNCTION detach_runs_before(instant timestamptz) RETURNS integer
    LANGUAGE plpgsql
    SET lock_timeout = '100ms'
AS $$
DECLARE
    parent text;
    partition text;
    oldest record;
    detached integer := 0;
BEGIN
    -- Skips a period if an earlier partition of the same period is not dropped yet.
    SELECT attached.suffix, attached.first, attached.until INTO oldest
    FROM attached_partitions() AS attached
    WHERE attached.until <= greatest(instant, to_timestamp(0))
        AND to_regclass('runs_' || attached.suffix || '_expired') IS NULL
        AND to_regclass('run_activities_' || attached.suffix || '_expired') IS NULL
    ORDER BY attached.first LIMIT 1;
    IF FOUND THEN
        -- Locks both tables first. No other transaction then uses a partition through them.
        LOCK TABLE ONLY runs, ONLY run_activities IN ACCESS EXCLUSIVE MODE;
        FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
            partition := parent || '_' || oldest.suffix;
            CONTINUE WHEN NOT EXISTS (
                SELECT FROM pg_inherits
                WHERE inhrelid = to_regclass(partition) AND inhparent = parent::regclass);
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, partition);
            EXECUTE format('ALTER TABLE %I RENAME TO %I', partition, partition || '_expired');
            -- The counts of a whole quarter are deleted below. Those of a narrower partition have to be subtracted,
            -- which takes too long for a lock.
            INSERT INTO expired_partitions (name, detached_date_time, is_counted)
            VALUES (partition || '_expired', now(), parent = 'runs' AND oldest.suffix !~ 'q');
            detached := detached + 1;
        END LOOP;
        PERFORM forget_run_starts(uuid_v7_lower_bound(oldest.first));
    END IF;

    PERFORM delete_counts_before(instant);
    RETURN detached;
END
$$;

-- Subtracts the runs of a detached partition from the counts. Returns false if there was none to subtract.
--
-- Nothing is written before the runs are counted, which may take minutes: a transaction that has a number keeps delta
-- queries from going on.
CREATE FUNCTION subtract_expired_runs() RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    expired record;
    counts record;
BEGIN
    SELECT name, period.first, period.until INTO expired
    FROM expired_partitions
        CROSS JOIN LATERAL partition_period(substring(name FROM '^runs_(.*)_expired$')) AS period
    WHERE is_counted ORDER BY name LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    IF to_regclass(expired.name) IS NOT NULL THEN
        SELECT array_agg(counted.tenant_id) AS tenants, array_agg(counted.quarter) AS quarters,
            array_agg(counted.status) AS statuses, array_agg(-counted.count) AS numbers
        INTO counts FROM count_partition(expired.name, expired.first) AS counted;
    END IF;

    -- It may have been attached again meanwhile.
    UPDATE expired_partitions SET is_counted = false WHERE name = expired.name AND is_counted;
    IF FOUND AND to_regclass(expired.name) IS NOT NULL THEN
        INSERT INTO run_counts AS stored (tenant_id, quarter, status, shard, count)
        SELECT tenant_id, quarter, status, 0, number
        FROM unnest(counts.tenants, counts.quarters, counts.statuses, counts.numbers)
            AS expired_counts (tenant_id, quarter, status, number)
        ON CONFLICT (tenant_id, quarter, status, shard) DO UPDATE SET count = stored.count + excluded.count;
    END IF;

    PERFORM delete_counts_before(expired.until);
    RETURN true;
END
$$;

-- Drops the partitions that were detached at least a day ago. Returns their number.
CREATE OR REPLACE FUNCTION drop_expired_runs() RETURNS integer
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    partition text;
    dropped integer := 0;
BEGIN
    FOR partition IN
        SELECT name FROM expired_partitions
        WHERE detached_date_time <= now() - interval '1 day' AND NOT is_counted
            AND (partition_period(substring(name FROM '^(?:runs|run_activities)_(.*)_expired$'))).first IS NOT NULL
        ORDER BY name
    LOOP
        DELETE FROM expired_partitions WHERE name = partition;

        -- A partition that was attached again manually is in use.
        CONTINUE WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(partition));
        EXECUTE format('DROP TABLE IF EXISTS %I', partition);
        dropped := dropped + 1;
    END LOOP;

    RETURN dropped;
END
$$;

DROP FUNCTION attach_expired_runs(text);

-- Attaches the detached partitions of a period, such as '2023q4', again, and counts their runs. The period is the part
-- of the name before _expired. Returns the number of attached partitions.
CREATE FUNCTION attach_expired_runs(suffix text) RETURNS integer
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
    FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
        partition := parent || '_' || suffix;
        CONTINUE WHEN to_regclass(partition || '_expired') IS NULL;
        EXECUTE format('ALTER TABLE %I RENAME TO %I', partition || '_expired', partition);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, partition, uuid_v7_lower_bound(period.first), uuid_v7_lower_bound(period.until));
        DELETE FROM expired_partitions WHERE name = partition || '_expired' RETURNING is_counted INTO was_counted;
        attached := attached + 1;
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
