using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class ExpiredPartitionConfiguration : IEntityTypeConfiguration<ExpiredPartition>
{
    public void Configure(EntityTypeBuilder<ExpiredPartition> builder)
    {
        builder.HasKey(p => p.Name);
    }
}
