using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class PartitionWidths : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "is_counted",
                table: "expired_partitions",
                type: "boolean",
                nullable: false,
                defaultValue: false
            );

            migrationBuilder.CreateTable(
                name: "run_start_ranges",
                columns: table => new
                {
                    first_id = table.Column<Guid>(type: "uuid", nullable: false),
                    end_id = table.Column<Guid>(type: "uuid", nullable: false),
                    earliest = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    latest = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    is_complete = table.Column<bool>(type: "boolean", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_start_ranges", x => x.first_id);
                }
            );

            migrationBuilder.CreateTable(
                name: "run_start_versions",
                columns: table => new
                {
                    id = table.Column<short>(type: "smallint", nullable: false),
                    version = table.Column<Guid>(type: "uuid", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_run_start_versions", x => x.id);
                }
            );

            foreach (
                var file in (string[])
                    [
                        "partition_periods",
                        "create_runs_partition_of_width",
                        "expire_partitions",
                        "run_starts_of_partitions",
                        "grant_service_privileges_of_widths",
                    ]
            )
            {
                migrationBuilder.Sql(MigrationSql.Read($"{file}.sql"));
            }
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            throw new NotSupportedException("Migrations are forward-only. Restore the backup from before the upgrade.");
    }
}
