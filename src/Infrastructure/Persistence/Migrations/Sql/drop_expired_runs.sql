-- Drops the partitions that were detached at least a day ago. Returns their number.
CREATE FUNCTION drop_expired_runs() RETURNS integer
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    partition text;
    dropped integer := 0;
BEGIN
    FOR partition IN
        SELECT name FROM expired_partitions
        WHERE detached_date_time <= now() - interval '1 day'
            AND name ~ '^(runs|run_activities)_[0-9]{4}q[1-4]_expired$'
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
