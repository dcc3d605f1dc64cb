using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunCountConfiguration : IEntityTypeConfiguration<RunCount>
{
    public void Configure(EntityTypeBuilder<RunCount> builder)
    {
        builder.ToTable("run_counts");
        builder
            .HasKey(c => new
            {
                c.TenantId,
                c.Quarter,
                c.Status,
                c.Shard,
            })
            .HasName("run_counts_pkey");
        builder.Property(c => c.TenantId).HasColumnName("tenant_id");
        builder.Property(c => c.Quarter).HasColumnName("quarter");
        builder.Property(c => c.Status).HasColumnName("status");
        builder.Property(c => c.Shard).HasColumnName("writer");
        builder.Property(c => c.Count).HasColumnName("count");
    }
}
