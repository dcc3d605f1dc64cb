using Microsoft.EntityFrameworkCore.Migrations;

namespace IndustryData.Infrastructure.Persistence.Migrations;

/// <inheritdoc />
public partial class Activities : Migration
{
    /// <inheritdoc />
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            CREATE TABLE run_activities (
                tenant_id uuid NOT NULL,
                run_id uuid NOT NULL,
                id uuid NOT NULL,
                type smallint NOT NULL,
                display_name text COLLATE "C" NOT NULL,
                status smallint NOT NULL,
                blocking_error json,
                activity json,
                CONSTRAINT run_activities_pkey PRIMARY KEY (tenant_id, run_id, id)
            ) PARTITION BY RANGE (run_id);

            CREATE TABLE run_activities_default PARTITION OF run_activities DEFAULT;

            -- A run and its activities are in partitions of the same quarter, and are removed together.
            CREATE OR REPLACE FUNCTION create_runs_partition(quarter timestamptz) RETURNS void LANGUAGE plpgsql AS
            $$
            DECLARE
                first timestamp := date_trunc('quarter', quarter AT TIME ZONE 'UTC');
                parent text;
            BEGIN
                FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
                    EXECUTE format(
                        'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                        parent || to_char(first, '"_"YYYY"q"Q'),
                        parent,
                        first_id_at(first AT TIME ZONE 'UTC'),
                        first_id_at((first + interval '3 months') AT TIME ZONE 'UTC'));
                END LOOP;
            END
            $$;

            -- Creates the partitions for the quarters for which runs already has partitions.
            SELECT create_runs_partition(make_timestamptz(
                substring(relname FROM 6 FOR 4)::int, substring(relname FROM 11 FOR 1)::int * 3 - 2, 1, 0, 0, 0, 'UTC'))
            FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid
            WHERE inhparent = 'runs'::regclass AND relname ~ '^runs_[0-9]{4}q[1-4]$';
            """
        );

    /// <inheritdoc />
    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            DROP TABLE run_activities;

            CREATE OR REPLACE FUNCTION create_runs_partition(quarter timestamptz) RETURNS void LANGUAGE plpgsql AS
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
            """
        );
}
