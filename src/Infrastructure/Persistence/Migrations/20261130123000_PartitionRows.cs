using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    /// <remarks>The migration changes functions only, so that its model is that of the migration before.</remarks>
    [DbContext(typeof(IndustryDataContext))]
    [Migration("20261130123000_PartitionRows")]
    public sealed class PartitionRows : RunHours
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql(MigrationSql.Read("partition_rows.sql"));
    }
}
