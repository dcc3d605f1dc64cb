using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class ExpiredPartitionConfiguration : IEntityTypeConfiguration<ExpiredPartition>
{
    public void Configure(EntityTypeBuilder<ExpiredPartition> builder)
    {
        builder.ToTable("expired_partitions");
        builder.HasKey(p => p.Name).HasName("expired_partitions_pkey");
        builder.Property(p => p.Name).HasColumnName("name");
        builder.Property(p => p.DetachedDateTime).HasColumnName("detached_date_time");
    }
}
