using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        // EF Core can create neither partitioned tables nor functions. A file may use what the files before it create.
        private static readonly string[] _files =
        [
            "change_number.sql",
            "runs.sql",
            "run_activities.sql",
            "uuid_v7_lower_bound.sql",
            "create_runs_partition.sql",
            "detach_runs_before.sql",
            "drop_expired_runs.sql",
            "attach_expired_runs.sql",
            "initial_data.sql",
        ];

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "database_epochs",
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
                    first_change_number = table.Column<long>(type: "bigint", nullable: false),
                    change_offset = table.Column<long>(type: "bigint", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_database_epochs", x => x.number);
                }
            );

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
                    table.PrimaryKey("pk_expired_partitions", x => x.name);
                }
            );

            migrationBuilder.CreateTable(
                name: "idempotency_records",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    key_hash = table.Column<Guid>(type: "uuid", nullable: false),
                    request_fingerprint = table.Column<byte[]>(type: "bytea", nullable: false),
                    resource_id = table.Column<Guid>(type: "uuid", nullable: false),
                    return_representation = table.Column<bool>(type: "boolean", nullable: false),
                    created_date_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_idempotency_records", x => new { x.tenant_id, x.key_hash });
                }
            );

            migrationBuilder.CreateTable(
                name: "page_token_signing_keys",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    key = table.Column<byte[]>(type: "bytea", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_page_token_signing_keys", x => x.id);
                }
            );

            migrationBuilder.CreateTable(
                name: "run_counts",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    quarter = table.Column<DateOnly>(type: "date", nullable: false),
                    status = table.Column<short>(type: "smallint", nullable: false),
                    shard = table.Column<short>(type: "smallint", nullable: false),
                    count = table.Column<long>(type: "bigint", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "pk_run_counts",
                        x => new
                        {
                            x.tenant_id,
                            x.quarter,
                            x.status,
                            x.shard,
                        }
                    );
                }
            );

            migrationBuilder.CreateTable(
                name: "run_starts",
                columns: table => new
                {
                    tenant_id = table.Column<Guid>(type: "uuid", nullable: false),
                    started_date_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    run_id = table.Column<Guid>(type: "uuid", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey(
                        "pk_run_starts",
                        x => new
                        {
                            x.tenant_id,
                            x.started_date_time,
                            x.run_id,
                        }
                    );
                }
            );

            migrationBuilder.CreateTable(
                name: "run_tombstones",
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
                        "pk_run_tombstones",
                        x => new
                        {
                            x.tenant_id,
                            x.change_number,
                            x.run_id,
                        }
                    );
                }
            );

            migrationBuilder.CreateIndex(
                name: "ix_idempotency_records_created_date_time",
                table: "idempotency_records",
                column: "created_date_time"
            );

            migrationBuilder.CreateIndex(
                name: "ix_run_tombstones_deleted_date_time",
                table: "run_tombstones",
                column: "deleted_date_time"
            );

            foreach (var file in _files)
            {
                migrationBuilder.Sql(MigrationSql.Read(file));
            }
        }

        /// <summary>Throws. Migrations are forward-only.</summary>
        protected override void Down(MigrationBuilder migrationBuilder) =>
            throw new NotSupportedException("Migrations are forward-only. Restore the backup from before the upgrade.");
    }
}
