using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class SessionKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "sessions_not_before",
                table: "token_revocations",
                type: "timestamp with time zone",
                nullable: false,
                defaultValueSql: "'0001-01-01 00:00:00+00'"
            );

            migrationBuilder.CreateTable(
                name: "session_keys",
                columns: table => new
                {
                    id = table
                        .Column<int>(type: "integer", nullable: false)
                        .Annotation(
                            "Npgsql:ValueGenerationStrategy",
                            NpgsqlValueGenerationStrategy.IdentityAlwaysColumn
                        ),
                    xml = table.Column<string>(type: "text", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_session_keys", x => x.id);
                }
            );

            migrationBuilder.CreateTable(
                name: "used_sign_in_codes",
                columns: table => new
                {
                    id = table.Column<Guid>(type: "uuid", nullable: false),
                    expires_date_time = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_used_sign_in_codes", x => x.id);
                }
            );

            migrationBuilder.CreateIndex(
                name: "ix_used_sign_in_codes_expires_date_time",
                table: "used_sign_in_codes",
                column: "expires_date_time"
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            throw new NotSupportedException("Migrations are forward-only. Restore the backup from before the upgrade.");
    }
}
