-- Detaches the oldest quarter that ended before an instant. Returns the number of detached partitions; 0 if none is
-- left. A detached partition is dropped a day later, so that a wrong clock or setting can be corrected in between.
CREATE OR REPLACE FUNCTION detach_runs_before(instant timestamptz) RETURNS integer
    LANGUAGE plpgsql
    SET lock_timeout = '100ms'
AS $$
DECLARE
    first timestamp := date_trunc('quarter', greatest(instant, to_timestamp(0)) AT TIME ZONE 'UTC');
    parent text;
    partition text;
    suffix text;
    detached integer := 0;
BEGIN
    -- Skips a quarter if an earlier partition of the same quarter is not dropped yet.
    SELECT min(right(relname, 7)) INTO suffix
    FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid
    WHERE inhparent IN ('runs'::regclass, 'run_activities'::regclass)
        AND relname ~ '_[0-9]{4}q[1-4]$'
        AND make_date(left(right(relname, 6), 4)::int, right(relname, 1)::int * 3 - 2, 1) < first
        AND to_regclass('runs' || right(relname, 7) || '_expired') IS NULL
        AND to_regclass('run_activities' || right(relname, 7) || '_expired') IS NULL;
    IF suffix IS NOT NULL THEN
        -- The count by hour locks rows before tables too.
        LOCK TABLE run_hour_progress IN EXCLUSIVE MODE;

        -- Locks both tables first. No other transaction then uses a partition through them.
        LOCK TABLE ONLY runs, ONLY run_activities IN ACCESS EXCLUSIVE MODE;
        FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
            partition := parent || suffix;
            CONTINUE WHEN NOT EXISTS (
                SELECT FROM pg_inherits
                WHERE inhrelid = to_regclass(partition) AND inhparent = parent::regclass);
            IF parent = 'runs' THEN
                PERFORM recount_run_hours(partition);
            END IF;

            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, partition);
            EXECUTE format('ALTER TABLE %I RENAME TO %I', partition, partition || '_expired');
            INSERT INTO expired_partitions (name, detached_date_time)
            VALUES (partition || '_expired', now());
            detached := detached + 1;
        END LOOP;
    END IF;

    DELETE FROM run_counts AS counts
    WHERE counts.quarter < first
        AND to_regclass('runs' || to_char(counts.quarter, '"_"YYYY"q"Q')) IS NULL;
    RETURN detached;
END
$$;
