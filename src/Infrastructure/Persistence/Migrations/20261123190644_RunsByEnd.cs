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
            // By hand, because EF has no indexes of expressions: a run without an end lies below all others, and a row value would drop a null.
            migrationBuilder.Sql("CREATE INDEX runs_by_end ON runs (tenant_id, (coalesce(end_date_time, '-infinity')) DESC, id DESC);");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP INDEX runs_by_end;");
        }
    }
}
