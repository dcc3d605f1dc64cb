using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunStartConfiguration : IEntityTypeConfiguration<RunStart>
{
    public void Configure(EntityTypeBuilder<RunStart> builder)
    {
        builder.ToTable("run_starts");
        builder
            .HasKey(s => new
            {
                s.TenantId,
                s.StartedDateTime,
                s.RunId,
            })
            .HasName("run_starts_pkey");
        builder.Property(s => s.TenantId).HasColumnName("tenant_id");
        builder.Property(s => s.StartedDateTime).HasColumnName("started_date_time");
        builder.Property(s => s.RunId).HasColumnName("run_id");
    }
}
