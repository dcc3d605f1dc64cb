using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class RunsByEnd : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Written by hand, because EF does not support indexes on expressions. The expression sorts a run without
            // an end below all others. A comparison of row values would omit a null.
            migrationBuilder.Sql(
                "CREATE INDEX runs_by_end ON runs "
                    + "(tenant_id, (coalesce(end_date_time, '-infinity')) DESC, id DESC);"
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP INDEX runs_by_end;");
        }
    }
}
