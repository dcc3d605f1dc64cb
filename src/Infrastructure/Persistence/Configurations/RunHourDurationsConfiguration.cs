using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunHourDurationsConfiguration : IEntityTypeConfiguration<RunHourDurations>
{
    public void Configure(EntityTypeBuilder<RunHourDurations> builder) =>
        builder.HasKey(d => new { d.TenantId, d.Hour });
}
