using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Changes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "incarnations",
                columns: table => new
                {
                    number = table
                        .Column<int>(type: "integer", nullable: false)
                        .Annotation(
                            "Npgsql:ValueGenerationStrategy",
                            NpgsqlValueGenerationStrategy.IdentityAlwaysColumn
                        ),
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    cluster = table.Column<string>(type: "text", nullable: false),
                    timeline = table.Column<string>(type: "text", nullable: false),
                    server_started = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    begun = table.Column<long>(type: "bigint", nullable: false),
                    change_offset = table.Column<long>(type: "bigint", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("incarnations_pkey", x => x.number);
                }
            );

            migrationBuilder.CreateTable(
                name: "run_counts",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    quarter = table.Column<DateOnly>(type: "date", nullable: false),
                    status = table.Column<short>(type: "smallint", nullable: false),
                    writer = table.Column<short>(type: "smallint", nullable: false),
                    count = table.Column<long>(type: "bigint", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "run_counts_pkey",
                        x => new
                        {
                            x.tenant_id,
                            x.quarter,
                            x.status,
                            x.writer,
                        }
                    );
                }
            );

            migrationBuilder.CreateTable(
                name: "run_deletions",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    run_id = table.Column<Guid>(type: "uuid", nullable: false),
                    change_number = table.Column<long>(type: "bigint", nullable: false),
                    deleted_date_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "run_deletions_pkey",
                        x => new
                        {
                            x.tenant_id,
                            x.change_number,
                            x.run_id,
                        }
                    );
                }
            );

            // Written by hand, because the default of the column calls a function, which reads a table that is created
            // above. The column is added with the default 0 first, so that no row is rewritten.
            // A change number is the number of the transaction that made the change, plus an offset for restarted
            // transaction numbers. A snapshot contains the low watermark (pg_snapshot_xmin): no transaction with a
            // lower number is open any more. A reader has to read again from the low watermark on.
            migrationBuilder.Sql(
                """
                CREATE FUNCTION change_number(xid xid8) RETURNS bigint LANGUAGE sql STABLE AS
                $$ SELECT xid::text::bigint
                    + coalesce((SELECT change_offset FROM incarnations ORDER BY number DESC LIMIT 1), 0) $$;

                ALTER TABLE runs ADD COLUMN change_number bigint NOT NULL DEFAULT 0;
                ALTER TABLE runs ALTER COLUMN change_number SET DEFAULT change_number(pg_current_xact_id());
                CREATE INDEX runs_changes ON runs (tenant_id, change_number, id);

                INSERT INTO run_counts (tenant_id, quarter, status, writer, count)
                SELECT
                    tenant_id,
                    date_trunc(
                        'quarter',
                        to_timestamp(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
                            AT TIME ZONE 'UTC')::date,
                    status,
                    0,
                    count(*)
                FROM runs
                GROUP BY 1, 2, 3;
                """
            );

            migrationBuilder.CreateIndex(
                name: "run_deletions_oldest",
                table: "run_deletions",
                column: "deleted_date_time"
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("ALTER TABLE runs DROP COLUMN change_number; DROP FUNCTION change_number(xid8);");

            migrationBuilder.DropTable(name: "incarnations");

            migrationBuilder.DropTable(name: "run_counts");

            migrationBuilder.DropTable(name: "run_deletions");
        }
    }
}
