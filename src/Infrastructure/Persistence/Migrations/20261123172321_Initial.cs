using Microsoft.EntityFrameworkCore.Migrations;

namespace IndustryData.Infrastructure.Persistence.Migrations;

/// <inheritdoc />
public partial class Initial : Migration
{
    /// <inheritdoc />
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        // Written by hand, because EF cannot create a partitioned table. A UUIDv7 begins with its milliseconds since
        // 1970, so that a range of ids is a range of time. There is one partition per quarter, and a default partition
        // for all other ids.
        migrationBuilder.Sql(
            """
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
                CONSTRAINT runs_pkey PRIMARY KEY (tenant_id, id)
            ) PARTITION BY RANGE (id);

            CREATE INDEX runs_newest ON runs (tenant_id, start_date_time DESC, id DESC);

            CREATE TABLE runs_default PARTITION OF runs DEFAULT;

            CREATE FUNCTION first_id_at(instant timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT AS
            $$ SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

            CREATE FUNCTION create_runs_partition(quarter timestamptz) RETURNS void LANGUAGE plpgsql AS
            $$
            DECLARE
                first timestamp := date_trunc('quarter', quarter AT TIME ZONE 'UTC');
            BEGIN
                EXECUTE format(
                    'CREATE TABLE IF NOT EXISTS %I PARTITION OF runs FOR VALUES FROM (%L) TO (%L)',
                    to_char(first, '"runs_"YYYY"q"Q'),
                    first_id_at(first AT TIME ZONE 'UTC'),
                    first_id_at((first + interval '3 months') AT TIME ZONE 'UTC'));
            END
            $$;

            SELECT create_runs_partition(now() + n * interval '3 months') FROM generate_series(0, 1) AS n;
            """
        );

        // The key comes from the server's strong random source (gen_random_uuid). It is stored only in the database, so
        // that several services share it.
        migrationBuilder.Sql(
            """
            CREATE TABLE token_keys (
                id integer CONSTRAINT token_keys_pkey PRIMARY KEY,
                key bytea NOT NULL
            );

            INSERT INTO token_keys
            VALUES (1, sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
            """
        );
    }

    /// <inheritdoc />
    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            DROP TABLE token_keys;
            DROP TABLE runs;
            DROP FUNCTION create_runs_partition(timestamptz);
            DROP FUNCTION first_id_at(timestamptz);
            """
        );
}
