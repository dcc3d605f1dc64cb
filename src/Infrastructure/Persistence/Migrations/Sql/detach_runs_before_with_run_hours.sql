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
        -- The count by hour locks rows before tables too.
        LOCK TABLE run_hour_progress IN EXCLUSIVE MODE;

        -- Locks both tables first. No other transaction then uses a partition through them.
        LOCK TABLE ONLY runs, ONLY run_activities IN ACCESS EXCLUSIVE MODE;
        FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
            partition := parent || '_' || oldest.suffix;
            CONTINUE WHEN NOT EXISTS (
                SELECT FROM pg_inherits
                WHERE inhrelid = to_regclass(partition) AND inhparent = parent::regclass);
            IF parent = 'runs' THEN
                PERFORM recount_run_hours(partition);
            END IF;

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
