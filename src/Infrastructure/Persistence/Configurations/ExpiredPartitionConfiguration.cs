using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class ExpiredPartitionConfiguration : IEntityTypeConfiguration<ExpiredPartition>
{
    public void Configure(EntityTypeBuilder<ExpiredPartition> builder)
    {
        builder.HasKey(p => p.Name);

        // Functions of an earlier version of the schema, which do not know the column, can still insert rows.
        builder.Property(p => p.IsCounted).HasDefaultValue(false);
    }
}
