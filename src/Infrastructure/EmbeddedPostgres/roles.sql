-- Creates the roles of the service, and gives the database with its tables and functions to the owner. A superuser runs
-- this in the database of the service. It can be repeated. The owner can log in after it got LOGIN and a password.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['industrydata_owner', 'industrydata_reader', 'industrydata_writer'] LOOP
        IF to_regrole(name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I', name);
        END IF;
    END LOOP;

    -- Without pg_read_all_stats, the owner would not see since when the transactions of others are open.
    GRANT industrydata_reader, industrydata_writer, pg_read_all_stats TO industrydata_owner;

    EXECUTE format('ALTER DATABASE %I OWNER TO industrydata_owner', current_database());
    FOR name IN
        SELECT 'TABLE ' || oid::regclass FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND relowner <> 'industrydata_owner'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
        UNION ALL
        SELECT 'FUNCTION ' || oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
            AND proowner <> 'industrydata_owner'::regrole
            AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    LOOP
        EXECUTE format('ALTER %s OWNER TO industrydata_owner', name);
    END LOOP;
END
$$;
