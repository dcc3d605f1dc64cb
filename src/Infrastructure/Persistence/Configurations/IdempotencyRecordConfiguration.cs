using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class IdempotencyRecordConfiguration : IEntityTypeConfiguration<IdempotencyRecord>
{
    public void Configure(EntityTypeBuilder<IdempotencyRecord> builder)
    {
        builder.ToTable("kept_requests");
        builder.HasKey(r => new { r.TenantId, r.KeyHash }).HasName("kept_requests_pkey");
        builder.Property(r => r.TenantId).HasColumnName("tenant_id");
        builder.Property(r => r.KeyHash).HasColumnName("key_hash");
        builder.Property(r => r.RequestFingerprint).HasColumnName("body_hash");
        builder.Property(r => r.ResourceId).HasColumnName("run_id");
        builder.Property(r => r.ReturnRepresentation).HasColumnName("with_representation");
        builder.Property(r => r.CreatedDateTime).HasColumnName("created_date_time");

        // Finds expired keys of every tenant, oldest first.
        builder.HasIndex(r => r.CreatedDateTime, "kept_requests_oldest");
    }
}
