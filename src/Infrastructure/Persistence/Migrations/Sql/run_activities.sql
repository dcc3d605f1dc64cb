-- A run and its activities are in partitions of the same quarter, and are removed together.
CREATE TABLE run_activities (
    tenant_id uuid NOT NULL,
    run_id uuid NOT NULL,
    id uuid NOT NULL,
    type smallint NOT NULL,
    display_name text COLLATE "C" NOT NULL,
    status smallint NOT NULL,
    blocking_error json,
    activity json,
    CONSTRAINT pk_run_activities PRIMARY KEY (tenant_id, run_id, id)
) PARTITION BY RANGE (run_id);

CREATE TABLE run_activities_default PARTITION OF run_activities DEFAULT;
