using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class DatabaseEpochConfiguration : IEntityTypeConfiguration<DatabaseEpoch>
{
    public void Configure(EntityTypeBuilder<DatabaseEpoch> builder)
    {
        builder.HasKey(i => i.Number);
        builder.Property(i => i.Number).UseIdentityAlwaysColumn();
    }
}
