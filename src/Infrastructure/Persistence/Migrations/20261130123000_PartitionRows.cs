using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class PartitionRows : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql(MigrationSql.Read("partition_rows.sql"));

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder) =>
            throw new NotSupportedException("Migrations are forward-only. Restore the backup from before the upgrade.");
    }
}
