-- A UUIDv7 begins with its milliseconds since 1970, so that a range of ids is a range of time. There is one partition
-- for each quarter, and a default partition for all other ids.
CREATE TABLE runs (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    display_name text COLLATE "C" NOT NULL,
    start_date_time timestamptz NOT NULL,
    end_date_time timestamptz,
    status smallint NOT NULL,
    blocking_error json,
    created_date_time timestamptz NOT NULL,
    last_modified_date_time timestamptz NOT NULL,
    version bigint NOT NULL,
    statistics json NOT NULL,
    inbound_errors bigint,
    inbound_groups bigint,
    inbound_memberships bigint,
    inbound_organizations bigint,
    inbound_people bigint,
    inbound_warnings bigint,
    change_number bigint NOT NULL DEFAULT change_number(pg_current_xact_id()),
    CONSTRAINT pk_runs PRIMARY KEY (tenant_id, id)
) PARTITION BY RANGE (id);

CREATE INDEX ix_runs_tenant_id_start_date_time_id ON runs (tenant_id, start_date_time DESC, id DESC);

CREATE INDEX ix_runs_tenant_id_status_start_date_time_id ON runs (tenant_id, status, start_date_time DESC, id DESC);

CREATE INDEX ix_runs_tenant_id_change_number_id ON runs (tenant_id, change_number, id);

-- The expression sorts a run without an end below all others. A comparison of row values would omit a null. EF Core
-- does not support indexes on expressions, so that the model does not contain this index.
CREATE INDEX ix_runs_tenant_id_end_date_time_id
    ON runs (tenant_id, (coalesce(end_date_time, '-infinity')) DESC, id DESC);

CREATE TABLE runs_default PARTITION OF runs DEFAULT;
