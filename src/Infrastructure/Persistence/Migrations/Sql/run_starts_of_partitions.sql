-- Each change of run_start_ranges gives them another version. The service keeps the ranges in memory; a list that
-- depends on them compares their version in its own snapshot. A restored database does not repeat a version.
INSERT INTO run_start_versions (id, version) VALUES (1, gen_random_uuid());

-- Widens the range of starts of a partition if a new or changed run starts outside of it. The trigger exists only on
-- partitions whose period has ended, so that it is no part of usual insertions. The writer needs no rights to the
-- ranges.
CREATE FUNCTION widen_run_starts() RETURNS trigger
    LANGUAGE plpgsql
    SECURITY DEFINER
    SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE run_start_ranges
    SET earliest = least(earliest, NEW.start_date_time), latest = greatest(latest, NEW.start_date_time)
    WHERE first_id = TG_ARGV[0]::uuid AND NOT (NEW.start_date_time BETWEEN earliest AND latest);
    IF FOUND THEN
        UPDATE run_start_versions SET version = gen_random_uuid();
    END IF;

    RETURN NULL;
END
$$;

-- Begins to watch the starts of the runs in a partition whose period ended before an instant. Returns false if all such
-- partitions are watched. The lock lets the writes that do not see the trigger end first.
CREATE FUNCTION watch_run_starts(instant timestamptz) RETURNS boolean
    LANGUAGE plpgsql
    SET lock_timeout = '100ms'
AS $$
DECLARE
    ended record;
    partition text;
BEGIN
    SELECT suffix, uuid_v7_lower_bound(first) AS first_id, uuid_v7_lower_bound(until) AS end_id INTO ended
    FROM attached_partitions()
    WHERE parent = 'runs' AND until <= instant
        AND NOT EXISTS (SELECT FROM run_start_ranges WHERE first_id = uuid_v7_lower_bound(first))
    ORDER BY first DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    partition := 'runs_' || ended.suffix;
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', partition);
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER widen_run_starts AFTER INSERT OR UPDATE OF start_date_time ON %I
        FOR EACH ROW EXECUTE FUNCTION widen_run_starts(%L)',
        partition, ended.first_id);
    INSERT INTO run_start_ranges (first_id, end_id, earliest, latest, is_complete)
    VALUES (ended.first_id, ended.end_id, 'infinity', '-infinity', false)
    ON CONFLICT (first_id) DO NOTHING;
    RETURN true;
END
$$;

-- Completes the range of a watched partition with the runs that it had before. Returns false if all are complete.
CREATE FUNCTION complete_run_starts() RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    watched record;
    starts record;
BEGIN
    SELECT ranges.first_id, attached.suffix INTO watched
    FROM run_start_ranges AS ranges
        JOIN attached_partitions() AS attached
            ON attached.parent = 'runs' AND uuid_v7_lower_bound(attached.first) = ranges.first_id
    WHERE NOT ranges.is_complete ORDER BY ranges.first_id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    EXECUTE format(
        'SELECT min(start_date_time) AS earliest, max(start_date_time) AS latest FROM %I',
        'runs_' || watched.suffix) INTO starts;
    UPDATE run_start_ranges
    SET earliest = least(earliest, starts.earliest), latest = greatest(latest, starts.latest), is_complete = true
    WHERE first_id = watched.first_id;
    UPDATE run_start_versions SET version = gen_random_uuid();
    RETURN true;
END
$$;

-- Deletes the range of a partition that is detached. Its ids belong to the default partition from then on.
CREATE FUNCTION forget_run_starts(partition uuid) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM run_start_ranges WHERE first_id = partition;
    IF FOUND THEN
        UPDATE run_start_versions SET version = gen_random_uuid();
    END IF;
END
$$;
