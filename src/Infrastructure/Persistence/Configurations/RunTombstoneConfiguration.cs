using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunTombstoneConfiguration : IEntityTypeConfiguration<RunTombstone>
{
    public void Configure(EntityTypeBuilder<RunTombstone> builder)
    {
        builder.HasKey(d => new
        {
            d.TenantId,
            d.ChangeNumber,
            d.RunId,
        });

        // Finds expired deletions of every tenant, oldest first.
        builder.HasIndex(d => d.DeletedDateTime);
    }
}
