-- Has the hours counted again in which runs of a partition started, and all before them. The service counts them in the
-- background. It is called in the transaction that attaches or detaches the partition.
CREATE FUNCTION recount_run_hours(partition regclass) RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format(
        'UPDATE run_hour_progress AS progress
        SET counted_from = greatest(
            progress.counted_from,
            -- The last hour of the calendar is never counted.
            least(
                date_bin(''1 hour'', newest.start_date_time, ''0001-01-01 00:00:00+00'') + interval ''1 hour'',
                ''9999-12-31 23:00:00+00''))
        FROM run_hour_progress AS tenant
        CROSS JOIN LATERAL (
            SELECT max(start_date_time) AS start_date_time FROM %s WHERE tenant_id = tenant.tenant_id) AS newest
        WHERE tenant.tenant_id = progress.tenant_id AND newest.start_date_time IS NOT NULL',
        partition);
END
$$;
