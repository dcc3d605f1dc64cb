-- Shows the reader the rows of the tenant that the transaction names, and none if it names none. The scalar sub-select
-- is evaluated once for each query. The writer sees all rows, because one statement writes the runs of several tenants.
-- The owner of the tables is exempt.
DO $$
DECLARE
    protected regclass;
BEGIN
    FOREACH protected IN ARRAY ARRAY['runs', 'run_activities', 'run_counts', 'run_starts', 'run_tombstones',
        'idempotency_records', 'token_revocations']::regclass[]
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
        EXECUTE format(
            'CREATE POLICY one_tenant ON %s FOR SELECT TO industrydata_reader USING (
                tenant_id = (SELECT nullif(current_setting(''industrydata.tenant'', true), '''')::uuid))',
            protected);
        EXECUTE format('CREATE POLICY every_tenant ON %s TO industrydata_writer USING (true)', protected);
    END LOOP;

    PERFORM grant_service_privileges();
END
$$;
