using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunHourProgressConfiguration : IEntityTypeConfiguration<RunHourProgress>
{
    public void Configure(EntityTypeBuilder<RunHourProgress> builder) => builder.HasKey(p => p.TenantId);
}
