-- Only the owner of the tables imports. Its policies are those of the other tables that have a tenant.
ALTER TABLE imported_portions ENABLE ROW LEVEL SECURITY;

CREATE POLICY one_tenant ON imported_portions FOR SELECT TO industrydata_reader USING (
    tenant_id = (SELECT nullif(current_setting('industrydata.tenant', true), '')::uuid));

CREATE POLICY every_tenant ON imported_portions TO industrydata_writer USING (true);
