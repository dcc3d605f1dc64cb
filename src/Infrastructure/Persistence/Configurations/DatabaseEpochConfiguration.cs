using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class DatabaseEpochConfiguration : IEntityTypeConfiguration<DatabaseEpoch>
{
    public void Configure(EntityTypeBuilder<DatabaseEpoch> builder)
    {
        builder.ToTable("incarnations");
        builder.HasKey(i => i.Number).HasName("incarnations_pkey");
        builder.Property(i => i.Number).HasColumnName("number").UseIdentityAlwaysColumn();
        builder.Property(i => i.Id).HasColumnName("id");
        builder.Property(i => i.Cluster).HasColumnName("cluster");
        builder.Property(i => i.Timeline).HasColumnName("timeline");
        builder.Property(i => i.ServerStarted).HasColumnName("server_started");
        builder.Property(i => i.FirstChangeNumber).HasColumnName("begun");
        builder.Property(i => i.ChangeOffset).HasColumnName("change_offset");
    }
}
