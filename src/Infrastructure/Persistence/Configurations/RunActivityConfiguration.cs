using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunActivityConfiguration : IEntityTypeConfiguration<RunActivity>
{
    public void Configure(EntityTypeBuilder<RunActivity> builder)
    {
        // The table is partitioned by quarter of the run's id, like runs. The migration creates it.
        builder.ToTable("run_activities");
        builder
            .HasKey(a => new
            {
                a.TenantId,
                a.RunId,
                a.Id,
            })
            .HasName("run_activities_pkey");
        builder.Property(a => a.TenantId).HasColumnName("tenant_id").ValueGeneratedNever();
        builder.Property(a => a.RunId).HasColumnName("run_id").ValueGeneratedNever();
        builder.Property(a => a.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(a => a.Type).HasColumnName("type");
        builder.Property(a => a.DisplayName).HasColumnName("display_name").HasColumnType("text").UseCollation("C");
        builder.Property(a => a.Status).HasColumnName("status");
        builder.Property(a => a.BlockingError).HasColumnName("blocking_error").HasColumnType("json");
        builder.Property(a => a.Activity).HasColumnName("activity").HasColumnType("json");
    }
}
