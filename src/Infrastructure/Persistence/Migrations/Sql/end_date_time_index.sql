-- Below a policy of row-level security, PostgreSQL does not use a condition with COALESCE as the bound of an index,
-- because it does not know that it shows no rows to others. It knows this of CASE. The index of the end order is
-- therefore created again. Only its removal needs an exclusive lock.
CREATE INDEX ix_runs_tenant_id_end_date_time_id_new ON runs (
    tenant_id, (CASE WHEN end_date_time IS NULL THEN '-infinity' ELSE end_date_time END) DESC, id DESC);

DROP INDEX ix_runs_tenant_id_end_date_time_id;

ALTER INDEX ix_runs_tenant_id_end_date_time_id_new RENAME TO ix_runs_tenant_id_end_date_time_id;
