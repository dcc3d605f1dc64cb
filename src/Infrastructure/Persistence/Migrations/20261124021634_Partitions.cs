using Microsoft.EntityFrameworkCore.Migrations;

namespace IndustryData.Infrastructure.Persistence.Migrations;

/// <inheritdoc />
public partial class Partitions : Migration
{
    /// <inheritdoc />
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            -- Creates the partition as a separate table and then attaches it, so that no transaction waits long for it.
            -- Moves the rows of the quarter from the default partition, which received them before the partition
            -- existed.
            CREATE OR REPLACE FUNCTION create_runs_partition(quarter timestamptz) RETURNS void LANGUAGE plpgsql
                SET lock_timeout = '2s' AS
            $$
            DECLARE
                first timestamp := date_trunc('quarter', quarter AT TIME ZONE 'UTC');
                first_id uuid := first_id_at(first AT TIME ZONE 'UTC');
                end_id uuid := first_id_at((first + interval '3 months') AT TIME ZONE 'UTC');
                parent text;
                key text;
                partition text;
            BEGIN
                FOR parent, key IN VALUES ('runs', 'id'), ('run_activities', 'run_id') LOOP
                    partition := parent || to_char(first, '"_"YYYY"q"Q');
                    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
                    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', partition, parent);
                    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', parent || '_default');
                    EXECUTE format(
                        'WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$L AND %2$I < %4$L RETURNING *)
                        INSERT INTO %5$I SELECT * FROM moved',
                        parent || '_default', key, first_id, end_id, partition);
                    EXECUTE format(
                        'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                        parent, partition, first_id, end_id);
                END LOOP;
            END
            $$;

            CREATE FUNCTION drop_runs_before(instant timestamptz) RETURNS integer LANGUAGE plpgsql
                SET lock_timeout = '2s' AS
            $$
            DECLARE
                first date := date_trunc('quarter', instant AT TIME ZONE 'UTC');
                name text;
                parent text;
                dropped integer := 0;
            BEGIN
                FOR name, parent IN
                    SELECT relname, inhparent::regclass::text FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid
                    WHERE inhparent IN ('runs'::regclass, 'run_activities'::regclass) AND relname ~ '_[0-9]{4}q[1-4]$'
                        AND make_date(left(right(relname, 6), 4)::int, right(relname, 1)::int * 3 - 2, 1) < first
                    ORDER BY relname
                LOOP
                    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, name);
                    EXECUTE format('DROP TABLE %I', name);
                    dropped := dropped + 1;
                END LOOP;

                DELETE FROM runs_default WHERE id < first_id_at(first::timestamp AT TIME ZONE 'UTC');
                DELETE FROM run_activities_default WHERE run_id < first_id_at(first::timestamp AT TIME ZONE 'UTC');
                DELETE FROM run_counts WHERE quarter < first;
                RETURN dropped;
            END
            $$;
            """
        );

    /// <inheritdoc />
    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.Sql(
            """
            DROP FUNCTION drop_runs_before(timestamptz);

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
            """
        );
}
