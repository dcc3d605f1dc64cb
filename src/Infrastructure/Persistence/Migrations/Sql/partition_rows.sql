-- Moves the rows of a period from the default partition of a table into a new partition, which is not attached yet.
-- The default partition takes no rows until the end of the transaction.
CREATE FUNCTION fill_partition(partition text, parent text, key text, first_id uuid, end_id uuid) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', parent || '_default');
    EXECUTE format(
        'WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *)
        INSERT INTO %5$I SELECT * FROM moved',
        parent || '_default', key, first_id, end_id, partition);
END
$$;

-- Creates the partitions of runs and run_activities for an instant, unless they exist. Returns the end of their period.
--
-- The width is quarter, month, week or day. If such a period overlaps a partition of another width, a narrower period
-- is used. Widths therefore change at the end of the last partition that exists, and a gap between two widths consists
-- of days.
--
-- A partition is created as a separate table and then attached, so that no transaction waits long for it. The rows of
-- the period are moved from the default partition, which received them before the partition existed.
--
-- All other transactions wait behind one that waits for an exclusive lock. A commit waits for 200 ms, so that this
-- function waits for less.
CREATE OR REPLACE FUNCTION create_runs_partition(instant timestamptz, width text) RETURNS timestamptz
    LANGUAGE plpgsql
    SET lock_timeout = '100ms'
AS $$
DECLARE
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

    first_id := uuid_v7_lower_bound(period.first);
    end_id := uuid_v7_lower_bound(period.until);
    FOR parent, key IN VALUES ('runs', 'id'), ('run_activities', 'run_id') LOOP
        partition := parent || '_' || period.suffix;
        CONTINUE WHEN to_regclass(partition) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', partition, parent);
        PERFORM fill_partition(partition, parent, key, first_id, end_id);
        EXECUTE format(
            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            parent, partition, first_id, end_id);
    END LOOP;

    RETURN period.until;
END
$$;

-- Deletes the counts of the quarters that ended before an instant, if no partition of the quarter is attached and none
-- has to be subtracted any more. Citus can plan the statement that deletes, because it names one table.
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
