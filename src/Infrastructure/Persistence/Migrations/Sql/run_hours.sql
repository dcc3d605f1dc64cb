-- The policies are those of row_level_security.sql.
DO $$
DECLARE
    protected regclass;
BEGIN
    FOREACH protected IN ARRAY ARRAY['run_hours', 'run_hour_durations', 'run_hour_failures', 'outdated_run_hours',
        'run_hour_progress']::regclass[]
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
