-- Notes the hours that a change makes outdated, if the change number of the run does not tell them: those of deleted
-- runs, the former hours of runs whose start has moved, and those of runs that were changed without a new number.
-- Each transaction has rows of its own, so that none waits for another.
CREATE FUNCTION mark_run_hours() RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO outdated_run_hours (tenant_id, hour, change_number, changed_date_time)
    SELECT OLD.tenant_id, date_bin('1 hour', start, '0001-01-01 00:00:00+00'), change_number(pg_current_xact_id()),
        now()
    FROM (VALUES (OLD.start_date_time), (NEW.start_date_time)) AS starts(start)
    WHERE start IS NOT NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER mark_hours_of_deleted AFTER DELETE ON runs
    FOR EACH ROW EXECUTE FUNCTION mark_run_hours();

CREATE TRIGGER mark_hours_of_changed AFTER UPDATE ON runs
    FOR EACH ROW
    WHEN (OLD.start_date_time <> NEW.start_date_time OR OLD.change_number = NEW.change_number)
    EXECUTE FUNCTION mark_run_hours();
