using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class RunHours : Migration
    {
        // The triggers are last, because they lock the table runs.
        private static readonly string[] _files =
        [
            "grant_service_privileges_with_run_hours.sql",
            "run_hours.sql",
            "recount_run_hours.sql",
            "attach_expired_runs_with_run_hours.sql",
            "detach_runs_before_with_run_hours.sql",
            "mark_run_hours.sql",
        ];

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "outdated_run_hours",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    change_number = table.Column<long>(type: "bigint", nullable: false),
                    changed_date_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "pk_outdated_run_hours",
                        x => new
                        {
                            x.tenant_id,
                            x.hour,
                            x.change_number,
                        }
                    );
                }
            );

            migrationBuilder.CreateTable(
                name: "run_hour_durations",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    bins = table.Column<short[]>(type: "smallint[]", nullable: false),
                    runs = table.Column<long[]>(type: "bigint[]", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_hour_durations", x => new { x.tenant_id, x.hour });
                }
            );

            migrationBuilder.CreateTable(
                name: "run_hour_failures",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    code = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    runs = table.Column<long>(type: "bigint", nullable: false),
                    last_start = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "pk_run_hour_failures",
                        x => new
                        {
                            x.tenant_id,
                            x.hour,
                            x.number,
                        }
                    );
                }
            );

            migrationBuilder.CreateTable(
                name: "run_hour_progress",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    change_number = table.Column<long>(type: "bigint", nullable: false),
                    counted_from = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_hour_progress", x => x.tenant_id);
                }
            );

            migrationBuilder.CreateTable(
                name: "run_hours",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    hour = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    status = table.Column<short>(type: "smallint", nullable: false),
                    has_end = table.Column<bool>(type: "boolean", nullable: false),
                    runs = table.Column<long>(type: "bigint", nullable: false),
                    errors = table.Column<decimal>(type: "numeric", nullable: true),
                    runs_with_errors = table.Column<long>(type: "bigint", nullable: false),
                    warnings = table.Column<decimal>(type: "numeric", nullable: true),
                    runs_with_warnings = table.Column<long>(type: "bigint", nullable: false),
                    groups = table.Column<decimal>(type: "numeric", nullable: true),
                    runs_with_groups = table.Column<long>(type: "bigint", nullable: false),
                    memberships = table.Column<decimal>(type: "numeric", nullable: true),
                    runs_with_memberships = table.Column<long>(type: "bigint", nullable: false),
                    organizations = table.Column<decimal>(type: "numeric", nullable: true),
                    runs_with_organizations = table.Column<long>(type: "bigint", nullable: false),
                    people = table.Column<decimal>(type: "numeric", nullable: true),
                    runs_with_people = table.Column<long>(type: "bigint", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "pk_run_hours",
                        x => new
                        {
                            x.tenant_id,
                            x.hour,
                            x.status,
                            x.has_end,
                        }
                    );
                }
            );

            foreach (var file in _files)
            {
                migrationBuilder.Sql(MigrationSql.Read(file));
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            throw new NotSupportedException("Migrations are forward-only. Restore the backup from before the upgrade.");
    }
}
