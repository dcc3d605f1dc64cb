-- Grants the roles of the service what requests need, and nothing else. Partitions get no privileges, because a query
-- of a partition does not use the policies of its parent. The service calls this again after a restore without
-- privileges.
CREATE OR REPLACE FUNCTION grant_service_privileges() RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    GRANT SELECT ON runs, run_activities, run_counts, run_tombstones, database_epochs, run_start_versions
        TO industrydata_reader;
    GRANT SELECT ON run_hours, run_hour_durations, run_hour_failures, outdated_run_hours, run_hour_progress
        TO industrydata_reader;

    GRANT SELECT, INSERT, UPDATE, DELETE ON runs, run_activities TO industrydata_writer;
    GRANT SELECT, INSERT, UPDATE ON run_counts, idempotency_records TO industrydata_writer;
    GRANT SELECT, INSERT, DELETE ON run_starts TO industrydata_writer;
    GRANT INSERT ON run_tombstones, outdated_run_hours TO industrydata_writer;
    GRANT SELECT ON database_epochs TO industrydata_writer;
END
$$;
