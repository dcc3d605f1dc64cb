using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunActivityConfiguration : IEntityTypeConfiguration<RunActivity>
{
    public void Configure(EntityTypeBuilder<RunActivity> builder)
    {
        // The table is partitioned by ranges of the run's id, like runs. SQL of the first migration creates it.
        builder.HasKey(a => new
        {
            a.TenantId,
            a.RunId,
            a.Id,
        });
        builder.Property(a => a.TenantId).ValueGeneratedNever();
        builder.Property(a => a.RunId).ValueGeneratedNever();
        builder.Property(a => a.Id).ValueGeneratedNever();
        builder.Property(a => a.DisplayName).HasColumnType("text").UseCollation("C");
        builder.Property(a => a.BlockingError).HasColumnType("json");
        builder.Property(a => a.Activity).HasColumnType("json");
    }
}
