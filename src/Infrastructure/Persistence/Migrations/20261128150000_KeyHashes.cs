using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IndustryData.Infrastructure.Persistence.Migrations
{
    /// <inheritdoc />
    public partial class KeyHashes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // The expression is that of IdempotencyRecord.HashOf. The name of the column changes too, so that a service
            // of the previous version fails instead of storing a run twice.
            migrationBuilder.Sql(
                """
                DELETE FROM kept_requests WHERE created_date_time <= now() - interval '1 day';
                ALTER TABLE kept_requests DROP CONSTRAINT kept_requests_pkey;
                ALTER TABLE kept_requests RENAME COLUMN name TO key_hash;
                ALTER TABLE kept_requests ALTER COLUMN key_hash
                    TYPE uuid USING left(encode(sha256(convert_to(key_hash, 'UTF8')), 'hex'), 32)::uuid;
                ALTER TABLE kept_requests ADD CONSTRAINT kept_requests_pkey PRIMARY KEY (tenant_id, key_hash);
                ANALYZE kept_requests;
                """
            );
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // Keys cannot be recovered from their hashes. They are kept for only one day.
            migrationBuilder.Sql(
                """
                ALTER TABLE kept_requests DROP CONSTRAINT kept_requests_pkey;
                DELETE FROM kept_requests;
                ALTER TABLE kept_requests RENAME COLUMN key_hash TO name;
                ALTER TABLE kept_requests ALTER COLUMN name TYPE text USING name::text;
                ALTER TABLE kept_requests ADD CONSTRAINT kept_requests_pkey PRIMARY KEY (tenant_id, name);
                """
            );
        }
    }
}
