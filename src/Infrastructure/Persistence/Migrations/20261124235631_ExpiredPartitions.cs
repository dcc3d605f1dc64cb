using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class ExpiredPartitions : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(name: "kept_requests_oldest", table: "kept_requests");

            migrationBuilder.CreateTable(
                name: "expired_partitions",
                columns: table => new
                {
                    name = table.Column<string>(type: "text", nullable: false),
                    detached_date_time = table.Column<DateTimeOffset>(
                        type: "timestamp with time zone",
                        nullable: false
                    ),
                },
                constraints: table =>
                {
                    table.PrimaryKey("expired_partitions_pkey", x => x.name);
                }
            );

            migrationBuilder.CreateIndex(
                name: "kept_requests_oldest",
                table: "kept_requests",
                column: "created_date_time"
            );

            // Retention detaches partitions first and drops them a day later, so that a wrong clock or setting can be
            // corrected in between.
            migrationBuilder.Sql(
                """
                DROP FUNCTION drop_runs_before(timestamptz);

                -- All other transactions wait behind one that waits for an exclusive lock. A commit waits for 200 ms.
                ALTER FUNCTION create_runs_partition(timestamptz) SET lock_timeout = '100ms';

                -- Detaches the oldest expired quarter. Returns the number of detached partitions; 0 if none is left.
                CREATE FUNCTION detach_runs_before(instant timestamptz) RETURNS integer LANGUAGE plpgsql
                    SET lock_timeout = '100ms' AS
                $$
                DECLARE
                    first timestamp := date_trunc('quarter', greatest(instant, to_timestamp(0)) AT TIME ZONE 'UTC');
                    parent text;
                    partition text;
                    suffix text;
                    detached integer := 0;
                BEGIN
                    -- Skips a quarter if an earlier partition of the same quarter is not dropped yet.
                    SELECT min(right(relname, 7)) INTO suffix FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid
                    WHERE inhparent IN ('runs'::regclass, 'run_activities'::regclass) AND relname ~ '_[0-9]{4}q[1-4]$'
                        AND make_date(left(right(relname, 6), 4)::int, right(relname, 1)::int * 3 - 2, 1) < first
                        AND to_regclass('runs' || right(relname, 7) || '_expired') IS NULL
                        AND to_regclass('run_activities' || right(relname, 7) || '_expired') IS NULL;
                    IF suffix IS NOT NULL THEN
                        -- Locks both tables first. No other transaction then uses a partition through them.
                        LOCK TABLE ONLY runs, ONLY run_activities IN ACCESS EXCLUSIVE MODE;
                        FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
                            partition := parent || suffix;
                            CONTINUE WHEN NOT EXISTS (
                                SELECT FROM pg_inherits
                                WHERE inhrelid = to_regclass(partition) AND inhparent = parent::regclass);
                            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, partition);
                            EXECUTE format('ALTER TABLE %I RENAME TO %I', partition, partition || '_expired');
                            INSERT INTO expired_partitions (name, detached_date_time)
                            VALUES (partition || '_expired', now());
                            detached := detached + 1;
                        END LOOP;
                    END IF;

                    DELETE FROM run_counts AS counts
                    WHERE counts.quarter < first
                        AND to_regclass('runs' || to_char(counts.quarter, '"_"YYYY"q"Q')) IS NULL;
                    RETURN detached;
                END
                $$;

                CREATE FUNCTION drop_expired_runs() RETURNS integer LANGUAGE plpgsql SET lock_timeout = '2s' AS
                $$
                DECLARE
                    partition text;
                    dropped integer := 0;
                BEGIN
                    FOR partition IN
                        SELECT name FROM expired_partitions
                        WHERE detached_date_time <= now() - interval '1 day'
                            AND name ~ '^(runs|run_activities)_[0-9]{4}q[1-4]_expired$'
                        ORDER BY name
                    LOOP
                        DELETE FROM expired_partitions WHERE name = partition;

                        -- A partition that was attached again manually is in use.
                        CONTINUE WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(partition));
                        EXECUTE format('DROP TABLE IF EXISTS %I', partition);
                        dropped := dropped + 1;
                    END LOOP;

                    RETURN dropped;
                END
                $$;

                CREATE FUNCTION attach_expired_runs(quarter text) RETURNS integer LANGUAGE plpgsql AS
                $$
                DECLARE
                    first timestamp := make_date(left(quarter, 4)::int, right(quarter, 1)::int * 3 - 2, 1);
                    suffix text := to_char(first, '"_"YYYY"q"Q');
                    parent text;
                    partition text;
                    attached integer := 0;
                BEGIN
                    FOREACH parent IN ARRAY ARRAY['runs', 'run_activities'] LOOP
                        partition := parent || suffix;
                        CONTINUE WHEN to_regclass(partition || '_expired') IS NULL;
                        EXECUTE format('ALTER TABLE %I RENAME TO %I', partition || '_expired', partition);
                        EXECUTE format(
                            'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                            parent, partition, first_id_at(first AT TIME ZONE 'UTC'),
                            first_id_at((first + interval '3 months') AT TIME ZONE 'UTC'));
                        DELETE FROM expired_partitions WHERE name = partition || '_expired';
                        attached := attached + 1;
                        IF parent = 'runs' THEN
                            EXECUTE format(
                                'INSERT INTO run_counts AS counts (tenant_id, quarter, status, writer, count)
                                SELECT tenant_id, %L::date, status, 0, count(*) FROM %I
                                GROUP BY tenant_id, status ORDER BY tenant_id, status
                                ON CONFLICT (tenant_id, quarter, status, writer)
                                DO UPDATE SET count = counts.count + excluded.count',
                                first::date, partition);
                        END IF;
                    END LOOP;

                    RETURN attached;
                END
                $$;
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql(
                """
                DROP FUNCTION attach_expired_runs(text);
                DROP FUNCTION drop_expired_runs();
                DROP FUNCTION detach_runs_before(timestamptz);
                ALTER FUNCTION create_runs_partition(timestamptz) SET lock_timeout = '2s';

                CREATE FUNCTION drop_runs_before(instant timestamptz) RETURNS integer LANGUAGE sql AS 'SELECT 0';
                """
            );

            migrationBuilder.DropTable(name: "expired_partitions");

            migrationBuilder.DropIndex(name: "kept_requests_oldest", table: "kept_requests");

            migrationBuilder.CreateIndex(
                name: "kept_requests_oldest",
                table: "kept_requests",
                columns: new[] { "tenant_id", "created_date_time" }
            );
        }
    }
}
