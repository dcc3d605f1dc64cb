-- Returns the period of a partition from the suffix of its name: 2026q4 is a quarter, 2026m11 a month, 2026w48 an ISO
-- week and 20261129 a day, all in UTC. Another suffix has no period.
CREATE FUNCTION partition_period(suffix text, OUT first timestamptz, OUT until timestamptz)
    LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    day timestamp;
    width interval;
BEGIN
    CASE
        WHEN suffix ~ '^[0-9]{4}q[1-4]$' THEN
            day := make_date(left(suffix, 4)::int, right(suffix, 1)::int * 3 - 2, 1);
            width := interval '3 months';
        WHEN suffix ~ '^[0-9]{4}m(0[1-9]|1[0-2])$' THEN
            day := make_date(left(suffix, 4)::int, right(suffix, 2)::int, 1);
            width := interval '1 month';
        WHEN suffix ~ '^[0-9]{4}w(0[1-9]|[1-4][0-9]|5[0-3])$' THEN
            day := to_date(suffix, 'IYYY"w"IW');
            width := interval '7 days';
        WHEN suffix ~ '^[0-9]{8}$' THEN
            day := to_date(suffix, 'YYYYMMDD');
            width := interval '1 day';
        ELSE
            RETURN;
    END CASE;

    first := day AT TIME ZONE 'UTC';
    until := (day + width) AT TIME ZONE 'UTC';
END
$$;

-- Returns the attached partitions of runs and run_activities, except the default partitions.
CREATE FUNCTION attached_partitions()
    RETURNS TABLE (parent text, suffix text, first timestamptz, until timestamptz)
    LANGUAGE sql STABLE
AS $$
    SELECT named.parent, named.suffix, period.first, period.until
    FROM (
        SELECT parents.relname::text AS parent, substr(children.relname, length(parents.relname) + 2) AS suffix
        FROM pg_inherits
            JOIN pg_class AS parents ON parents.oid = inhparent
            JOIN pg_class AS children ON children.oid = inhrelid
        WHERE inhparent IN ('runs'::regclass, 'run_activities'::regclass)) AS named
        CROSS JOIN LATERAL partition_period(named.suffix) AS period
    WHERE period.first IS NOT NULL
$$;
