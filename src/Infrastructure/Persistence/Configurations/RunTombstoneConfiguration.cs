using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunTombstoneConfiguration : IEntityTypeConfiguration<RunTombstone>
{
    public void Configure(EntityTypeBuilder<RunTombstone> builder)
    {
        builder.ToTable("run_deletions");
        builder
            .HasKey(d => new
            {
                d.TenantId,
                d.ChangeNumber,
                d.RunId,
            })
            .HasName("run_deletions_pkey");
        builder.Property(d => d.TenantId).HasColumnName("tenant_id");
        builder.Property(d => d.ChangeNumber).HasColumnName("change_number");
        builder.Property(d => d.RunId).HasColumnName("run_id");
        builder.Property(d => d.DeletedDateTime).HasColumnName("deleted_date_time");

        // Finds expired deletions of every tenant, oldest first.
        builder.HasIndex(d => d.DeletedDateTime, "run_deletions_oldest");
    }
}
